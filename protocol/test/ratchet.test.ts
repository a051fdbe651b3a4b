import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { DAY } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { X25519PrivateKey } from '../src/primitives.ts';
import { acceptControl } from '../src/ratchet/pq.ts';
import { ratchetReceive, ratchetSend } from '../src/ratchet/ratchet.ts';
import type { RatchetState } from '../src/ratchet/ratchet-state.ts';
import { fails, NOW, Talk } from './fixtures/ratchet-talk.ts';
import { loadVectors } from './vectors/load.ts';
import { type RatchetFile, runRatchet } from './vectors/ratchet.ts';

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`ratchet.json: every entry ends as it says (§6), on ${name}`, async () => {
    const file = loadVectors('ratchet') as RatchetFile;
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runRatchet(file, primitives), { ran: file.count, good: file.good });
  });
}

suite('schedules', () => {
  test('whatever the order of talking, both sides have the same keys, through post-quantum steps too', () => {
    const step = fc.constantFrom('server', 'client', 'to server', 'to client', 'to server', 'to client', 'a day');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, smaller) => {
        const talk = new Talk(smaller);
        for (const each of steps) {
          if (each === 'a day') talk.now += DAY;
          else if (each === 'server' || each === 'client') talk.send(each);
          else talk.receive(each === 'to server' ? 'server' : 'client');
        }
        talk.drain();
        for (const name of ['server', 'client', 'server', 'client'] as const) talk.pass(name);
        const [a, b] = talk.epochs();
        assert.ok(Math.abs(a - b) <= 1);
      }),
      { numRuns: 40 },
    );
  });

  test('a key is used once: no two messages of a talk have the same', () => {
    const talk = new Talk();
    const keys = new Set<string>();
    for (let i = 0; i < 60; i++) keys.add(talk.pass(i % 3 === 0 ? 'client' : 'server').key);
    assert.equal(keys.size, 60);
  });

  test('a state stays as it was: the same step from it gives the same again', () => {
    const talk = new Talk();
    const before = talk.sides.client;
    const message = talk.send('server');
    const first = ratchetReceive(p, before, message.header, NOW);
    const again = ratchetReceive(p, before, message.header, NOW);
    assert.equal(toHex(first.messageKey.exposeSecretBytes()), toHex(again.messageKey.exposeSecretBytes()));
    assert.throws(() => ratchetReceive(p, first.state, message.header, NOW), fails('envelope-0', 'n'));
  });

  test('a second new key without an answer between is refused', () => {
    const talk = new Talk();
    talk.pass('server');
    const dh = p.x25519PublicKey(new X25519PrivateKey(p.randomBytes(32)));
    const header = { dh, pn: 1, n: 0, pe: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.client, header, NOW), fails('envelope-1', 'dh'));
  });

  test('a chain ends at 2^32, on either side', () => {
    const talk = new Talk();
    talk.pass('server');
    const { server, client } = talk.sides;
    assert.ok(server.sending.kind === 'ready' && client.receiving !== undefined);
    const last = 2 ** 32 - 1;
    const almost: RatchetState = { ...server, sending: { ...server.sending, n: last } };
    const { header: lastHeader } = ratchetSend(p, almost, NOW);
    assert.equal(lastHeader.n, last);
    const expecting: RatchetState = { ...client, receiving: { ...client.receiving, n: last } };
    assert.equal(ratchetReceive(p, expecting, lastHeader, NOW).state.receiving?.n, last + 1);
    const n = 2 ** 32;
    const spent: RatchetState = { ...server, sending: { ...server.sending, n } };
    assert.throws(() => ratchetSend(p, spent, NOW), fails('reuse', 'n'));
    const waiting: RatchetState = { ...client, receiving: { ...client.receiving, n } };
    const header = { dh: server.own.publicKey, pn: 0, n, pe: 0 };
    assert.throws(() => ratchetReceive(p, waiting, header, NOW), fails('envelope-0', 'n'));
  });

  test('a first envelope that leaves out some of the chain before is refused', () => {
    const talk = new Talk();
    for (const name of ['client', 'server', 'client'] as const) talk.pass(name);
    const { header } = talk.send('server');
    for (const pn of [header.pn - 1, header.pn + 1]) {
      assert.throws(() => ratchetReceive(p, talk.sides.client, { ...header, pn }, NOW), fails('envelope-0', 'pn'));
    }
    talk.receive('client');
  });

  test('a key that gives no secret is refused, and a defect of the primitives is none of that', () => {
    const talk = new Talk();
    const header = { dh: new Uint8Array(32), pn: 0, n: 0, pe: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.client, header, NOW), fails('envelope-1', 'dh'));
    const defect = (): never => {
      throw new TypeError('not a refusal');
    };
    const message = talk.send('server');
    assert.throws(() => ratchetReceive({ ...p, x25519: defect }, talk.sides.client, message.header, NOW), TypeError);
    talk.now += DAY;
    const [offer] = talk.send('server').ctl;
    assert.ok(offer !== undefined);
    assert.throws(() => acceptControl({ ...p, mlKemEncapsulate: defect }, talk.sides.client, [offer], NOW), TypeError);
  });

  test('the own key coming back is refused', () => {
    const talk = new Talk();
    talk.pass('server');
    const { header } = talk.pass('client');
    const mirrored = { ...header, pn: 1, n: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.client, mirrored, NOW), fails('envelope-0', 'dh'));
  });
});

test('random headers only give ProtocolError', () => {
  const talk = new Talk();
  for (let i = 0; i < 3; i++) talk.pass(i % 2 === 0 ? 'server' : 'client');
  const u32 = fc.oneof(fc.nat(4), fc.nat(2 ** 31 - 1));
  const dh = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(talk.sides.server.own.publicKey, talk.sides.client.own.publicKey),
  );
  fc.assert(
    fc.property(fc.record({ dh, pn: u32, n: u32, pe: u32 }), (header) => {
      try {
        ratchetReceive(p, talk.sides.client, { ...header, dh: new Uint8Array(header.dh) }, NOW);
      } catch (error) {
        assert.ok(isProtocolError(error, 'envelope-0', 'envelope-1'));
      }
    }),
    { numRuns: 200 },
  );
});
