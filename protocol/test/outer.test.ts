import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, concat } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { LABEL_OUTER, PREFIX_OUTER } from '../src/labels.ts';
import { OUTER_LENGTHS, OUTER_OVERHEAD } from '../src/limits.ts';
import { encodeInner, type Inner } from '../src/outer/inner.ts';
import { openOuter, outerLength, sealOuter } from '../src/outer/outer.ts';
import { openTypingSignal, sealTypingSignal } from '../src/outer/typing-signal.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { SecretKey, X25519PrivateKey } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { sealEtm } from '../src/symmetric/etm.ts';
import { expand, extract } from '../src/symmetric/expand.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, bob, NOW } from './fixtures/devices.ts';
import { loadVectors } from './vectors/load.ts';
import { type OuterFile, runOuter } from './vectors/outer.ts';

const file = loadVectors('outer') as OuterFile;
const mailbox = new Uint8Array(32).fill(7);
const dhKey = bob.bundle.certificate.dhKey;
const open = (outer: Uint8Array, at = mailbox): Inner => openOuter(p, { outer, dhKey: bob.dhKey, mailbox: at });
const envelope = (size: number, start = 0): Inner => ({
  kind: 'envelope',
  envelope: new Uint8Array(size).fill(0x80),
  start: new Uint8Array(start),
});

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`outer.json: every entry ends as it says (§11.3, §9.7), on ${name}`, async () => {
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runOuter(file, primitives), { ran: file.count, good: file.good });
  });
}

suite('the outer sealing (§11.3)', () => {
  test('whatever goes in comes out, and only its class of size can be seen', () => {
    const inner = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 110_000 }), fc.integer({ min: 0, max: 4096 })).map(([a, b]) => envelope(a, b)),
      fc.uint8Array({ maxLength: 200 }).map((box): Inner => ({ kind: 'signal', sid: p.randomBytes(16), box })),
    );
    fc.assert(
      fc.property(inner, (one) => {
        const outer = sealOuter(p, { inner: one, dhKey, mailbox });
        assert.equal(outer.length, (outerLength(encodeInner(one).length) ?? 0) + OUTER_OVERHEAD);
        assert.deepEqual(open(outer), one);
      }),
      { numRuns: 50 },
    );
  });

  test('two sealings of one inner have nothing in common', () => {
    const [one, two] = [envelope(936), envelope(936)].map((inner) => sealOuter(p, { inner, dhKey, mailbox }));
    assert.ok(one !== undefined && two !== undefined);
    let same = 0;
    for (const [at, byte] of one.entries()) if (byte === two[at]) same += 1;
    assert.ok(same < one.length / 16, `${same} of ${one.length} bytes are equal`);
  });

  test('any flipped bit is refused, but the one of E that X25519 does not read', () => {
    const outer = sealOuter(p, { inner: envelope(500), dhKey, mailbox });
    fc.assert(
      fc.property(fc.nat(outer.length * 8 - 1), (bit) => {
        const changed = outer.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        assert.throws(() => open(changed), fails('outer', 'mac'));
      }),
      { numRuns: 300, examples: [[255], [256], [384]] },
    );
  });

  test('only the device it is for, in the mailbox it is for, opens it', () => {
    const outer = sealOuter(p, { inner: envelope(10), dhKey, mailbox });
    assert.throws(() => open(outer, new Uint8Array(32)), fails('outer', 'mac'));
    assert.throws(() => openOuter(p, { outer, dhKey: alice.dhKey, mailbox }), fails('outer', 'mac'));
  });

  test('bytes of any length are the typed error or nothing', () => {
    const sizes = fc.oneof(fc.nat(3000), fc.constantFrom(...OUTER_LENGTHS.slice(0, 3).map((l) => l + OUTER_OVERHEAD)));
    fc.assert(
      fc.property(sizes, (size) => {
        assert.throws(
          () => open(p.randomBytes(size)),
          (error) => isProtocolError(error, 'outer'),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('what no mailbox holds is refused before anything is sealed', () => {
    const largest = envelope(114_686 - 8);
    assert.equal(encodeInner(largest).length, 114_686);
    assert.equal(sealOuter(p, { inner: largest, dhKey, mailbox }).length, 114_688 + OUTER_OVERHEAD);
    assert.throws(() => sealOuter(p, { inner: envelope(114_686 - 7), dhKey, mailbox }), fails('limit', 'outer'));
  });

  test('a dh-key of low order is refused', () => {
    const sealing = { inner: envelope(1), dhKey: new Uint8Array(32), mailbox };
    assert.throws(() => sealOuter(p, sealing), fails('outer', 'key'));
  });

  test('a good MAC over a wrong padding or inner names the check', () => {
    const sealed = (padded: Bytes): Bytes => {
      const e = new X25519PrivateKey(p.randomBytes(32));
      const publicKey = p.x25519PublicKey(e);
      const prk = extract(p, p.sha256(PREFIX_OUTER), p.x25519(e, dhKey));
      const key = expand(p, prk, LABEL_OUTER, { context: publicKey, size: 64 });
      return concat(publicKey, sealEtm(p, { key, aad: mailbox, plain: padded }));
    };
    assert.throws(() => open(sealed(new Uint8Array(1023))), fails('outer', 'padding'));
    const noInner = new Uint8Array(1023);
    noInner[3] = 0x80;
    assert.throws(() => open(sealed(noInner)), fails('outer', 'inner'));
  });
});

suite('typing signals (§9.7)', () => {
  const key = { key: new SecretKey(new Uint8Array(64).fill(3)), sid: new Uint8Array(16).fill(4) };
  const room = new Uint8Array(0);

  test('are taken once, within a minute, under their own session’s key', () => {
    const box = sealTypingSignal(p, key, { on: true, room, time: NOW });
    const take = (now: number, lastTime = 0) => openTypingSignal(p, key, { box, lastTime, now });
    assert.deepEqual(take(NOW + 60_000), { on: true, room, time: NOW });
    assert.deepEqual(take(NOW - 60_000), { on: true, room, time: NOW });
    assert.throws(() => take(NOW + 60_001), fails('signal', 'time'));
    assert.throws(() => take(NOW - 60_001), fails('signal', 'time'));
    assert.throws(() => take(NOW, NOW), fails('signal', 'repeated'));
    const other = { ...key, sid: new Uint8Array(16) };
    assert.throws(() => openTypingSignal(p, other, { box, lastTime: 0, now: NOW }), fails('signal', 'box'));
    const shapeless = sealEtm(p, { key: key.key, aad: key.sid, plain: new Uint8Array([1, 2]) });
    const opening = { box: shapeless, lastTime: 0, now: NOW };
    assert.throws(() => openTypingSignal(p, key, opening), fails('signal', 'shape'));
  });
});
