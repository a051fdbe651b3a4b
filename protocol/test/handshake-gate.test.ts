import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { HandshakeGate, type HandshakeTicket, puzzleBitsFor } from '../src/channel/handshake-gate.ts';
import {
  HANDSHAKE_DEADLINE,
  MAX_PUZZLE_BITS,
  MAX_UNFINISHED_HANDSHAKES,
  MAX_UNFINISHED_PER_ADDRESS,
  MIN_PUZZLE_BITS,
} from '../src/limits.ts';
import { NOW } from './fixtures/devices.ts';

function admitted(gate: HandshakeGate, address: string, now = NOW): HandshakeTicket {
  const admission = gate.admit(address, now);
  assert.ok(admission.admitted);
  return admission.ticket;
}

suite('handshake gate (§3)', () => {
  test('8 unfinished handshakes of one address, not 9; others are not concerned', () => {
    const gate = new HandshakeGate();
    const tickets = Array.from({ length: MAX_UNFINISHED_PER_ADDRESS }, () => admitted(gate, 'a'));
    assert.deepEqual(gate.admit('a', NOW), { admitted: false, reason: 'address' });
    admitted(gate, 'b');
    gate.finish(tickets[3] as HandshakeTicket);
    admitted(gate, 'a');
    assert.deepEqual(gate.admit('a', NOW), { admitted: false, reason: 'address' });
  });

  test('256 unfinished handshakes, not 257', () => {
    const gate = new HandshakeGate();
    const tickets = Array.from({ length: MAX_UNFINISHED_HANDSHAKES }, (_, i) => admitted(gate, String(i)));
    assert.equal(gate.unfinished, 256);
    assert.deepEqual(gate.admit('more', NOW), { admitted: false, reason: 'full' });
    gate.finish(tickets[0] as HandshakeTicket);
    admitted(gate, 'more');
    assert.deepEqual(gate.admit('still more', NOW), { admitted: false, reason: 'full' });
  });

  test('no puzzle up to 64, then 12 bits, 20 at 256, never fewer with more', () => {
    const gate = new HandshakeGate();
    const bits = Array.from({ length: 256 }, (_, i) => admitted(gate, String(i)).puzzleBits);
    assert.ok(bits.slice(0, 64).every((value) => value === 0));
    assert.equal(bits[64], MIN_PUZZLE_BITS);
    assert.equal(bits[255], MAX_PUZZLE_BITS);
    assert.ok(bits[254] !== undefined && bits[254] < MAX_PUZZLE_BITS);
    assert.deepEqual(
      bits,
      bits.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(bits).size, 1 + 9, 'every number of bits from 12 to 20');
    assert.equal(puzzleBitsFor(10_000), MAX_PUZZLE_BITS);
  });

  test('a ticket ends at its deadline and is returned once', () => {
    const gate = new HandshakeGate();
    const early = admitted(gate, 'a');
    const late = admitted(gate, 'a', NOW + 1);
    assert.equal(early.deadline, NOW + HANDSHAKE_DEADLINE);
    assert.deepEqual(gate.expire(NOW + HANDSHAKE_DEADLINE - 1), []);
    assert.deepEqual(gate.expire(NOW + HANDSHAKE_DEADLINE), [early]);
    assert.equal(gate.unfinished, 1);
    assert.deepEqual(gate.expire(NOW + HANDSHAKE_DEADLINE), []);
    assert.deepEqual(gate.expire(NOW + HANDSHAKE_DEADLINE + 1), [late]);
    assert.equal(gate.unfinished, 0);
  });

  test('a ticket given back twice frees one place', () => {
    const gate = new HandshakeGate();
    const [first] = Array.from({ length: MAX_UNFINISHED_PER_ADDRESS }, () => admitted(gate, 'a'));
    gate.finish(first as HandshakeTicket);
    gate.finish(first as HandshakeTicket);
    assert.equal(gate.unfinished, 7);
    admitted(gate, 'a');
    assert.equal(gate.admit('a', NOW).admitted, false);
  });

  test('whatever comes and goes, no limit is passed and every place comes back', () => {
    const action = fc.record({ address: fc.nat(40), end: fc.boolean(), pick: fc.nat(), wait: fc.nat(800) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const gate = new HandshakeGate();
        let open: HandshakeTicket[] = [];
        let now = NOW;
        for (const { address, end, pick, wait } of actions) {
          now += end ? wait : 0;
          const expired = gate.expire(now);
          open = open.filter((ticket) => !expired.includes(ticket));
          if (end && open.length > 0) {
            const [ticket] = open.splice(pick % open.length, 1);
            gate.finish(ticket as HandshakeTicket);
          } else {
            const mine = open.filter((ticket) => ticket.address === String(address)).length;
            const admission = gate.admit(String(address), now);
            assert.equal(
              admission.admitted,
              mine < MAX_UNFINISHED_PER_ADDRESS && open.length < MAX_UNFINISHED_HANDSHAKES,
            );
            if (admission.admitted) open.push(admission.ticket);
          }
          assert.equal(gate.unfinished, open.length);
        }
      }),
      { numRuns: 30 },
    );
  });
});
