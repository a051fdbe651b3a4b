import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import type { SealedRoomFlight } from '../src/conversation/room-flight.ts';
import { decodeRoomRecord, encodeRoomRecord, type StoredRoom } from '../src/conversation/stored-room.ts';
import { decodeEnvelope, encodeCovered, encodeEnvelope } from '../src/envelope/envelope.ts';
import { gotOf } from '../src/envelope/received-chain.ts';
import { isProtocolError } from '../src/errors.ts';
import {
  DAY,
  EARLIER_EPOCH_LIFE,
  HELD_LIFE,
  MAX_HELD,
  MAX_ROOM_EPOCHS,
  MAX_SKIPPED_KEYS,
  SKIPPED_KEY_LIFE,
} from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { fails, texts } from './fixtures/conversations.ts';
import { alice, bob, carol, NOW } from './fixtures/devices.ts';
import { copyFor, Inside, joined, memberIn, partyOf, roomOf, three, writtenOf } from './fixtures/rooms.ts';
import { reach } from './fixtures/secrets.ts';

suite('opening in a room (§10.4)', () => {
  test('whatever is lost, comes twice or in another order: each opens once, and what is missing is told', async () => {
    const { a, b } = await three();
    const count = 5;
    const sent: SealedRoomFlight[] = [];
    for (let at = 0; at < count; at++) sent.push(await a.say(String(at)));
    const start = b.room.state;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(count - 1), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (order, restarts) => {
          const side = new Inside(bob, start);
          const come = new Set<number>();
          for (const at of order) {
            if (restarts) side.restart();
            const opening = side.open(sent[at] as SealedRoomFlight);
            if (come.has(at)) {
              const before = side.written;
              await assert.rejects(opening, fails('envelope-0', 'used'));
              assert.equal(side.written, before);
              continue;
            }
            const flight = await opening;
            assert.deepEqual([texts(flight), flight.late], [[String(at)], [...come].some((other) => other > at)]);
            come.add(at);
          }
          const last = Math.max(...come) + 1;
          const { ranges, ...got } = gotOf(side.room.state.authors[0]?.received ?? assert.fail());
          assert.equal(got.last, last);
          for (let seq = 1; seq <= last; seq++) {
            assert.equal(
              ranges.some(([from, to]) => seq >= from && seq <= to),
              !come.has(seq - 1),
            );
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a member who writes as another has a good layer 4: nothing changes, and the true one still opens', async () => {
    const { a, b, c } = await three();
    const liar = c.from(c.room.state, { ...carol, bundle: alice.bundle });
    const forged = [await liar.seal(text('forged')), await liar.seal(text('forged, further on'))];
    const before = b.written;
    for (const one of forged) await assert.rejects(b.open(one), fails('envelope-5', 'signature'));
    assert.equal(b.written, before);
    assert.deepEqual(texts(await b.open(await a.say('true'))), ['true']);
    assert.deepEqual(texts(await b.open(await a.say('true too'))), ['true too']);
  });

  test('any one flipped bit is refused, and changes nothing', async () => {
    const { a, b } = await three();
    const sealed = await a.say('the one');
    const envelope = copyFor(sealed, bob);
    const before = b.written;
    for (let at = 0; at < envelope.length; at += 3) {
      const flipped = envelope.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      await assert.rejects(b.room.open(flipped, NOW), (error) => isProtocolError(error, 'envelope-0', 'envelope-1'));
    }
    assert.equal(b.written, before);
    assert.deepEqual(texts(await b.open(sealed)), ['the one']);
  });

  test('an envelope with another copy’s wrap, and of another room, is refused', async () => {
    const { a, b } = await three();
    const sealed = await a.say('x');
    const [mine, hers] = [decodeEnvelope(copyFor(sealed, bob)), decodeEnvelope(copyFor(sealed, carol))];
    const mixed = encodeEnvelope(encodeCovered({ ...mine, wrap: hers.wrap }), mine.tag);
    await assert.rejects(b.room.open(mixed, NOW), fails('envelope-1', 'hmac'));
    const other = await roomOf(bob, carol);
    await assert.rejects(b.room.open(copyFor(await other.a.say('x'), bob), NOW), fails('envelope-0', 'device'));
    await assert.rejects(b.room.hold(copyFor(await other.a.say('x'), bob), NOW), fails('envelope-0', 'device'));
    await assert.rejects(a.room.open(copyFor(sealed, bob), NOW), fails('envelope-0', 'dh'));
  });

  test('a flight that does not continue its author’s chain is refused', async () => {
    const { a, b } = await three();
    const before = a.room.state;
    await b.open(await a.say('1'));
    const again = a.from({ ...a.room.state, sent: before.sent });
    await assert.rejects(
      b.room.open(copyFor(await again.seal(text('seq 1 again')), bob), NOW),
      fails('envelope-4', 'seq'),
    );
    const other = a.from({ ...a.room.state, sent: { seq: 1, hash: new Uint8Array(32) } });
    await assert.rejects(
      b.room.open(copyFor(await other.seal(text('another prev')), bob), NOW),
      fails('envelope-4', 'prev'),
    );
    const first = a.from({ ...a.room.state, sent: { seq: 0, hash: p.randomBytes(32) } });
    const fresh = (await three()).b;
    const stranger = fresh.from({ ...b.room.state, authors: [] });
    await assert.rejects(
      stranger.open(copyFor(await first.seal(text('a first with a prev')), bob), NOW),
      fails('envelope-4', 'prev'),
    );
    const zero = a.from({ ...a.room.state, sent: { seq: -1, hash: new Uint8Array(32) } });
    await assert.rejects(stranger.open(copyFor(await zero.seal(text('seq 0')), bob), NOW), fails('envelope-4', 'seq'));
  });

  test('who joins begins the chain of each author where it finds it; late ones of its own time are taken', async () => {
    const { a, others } = await roomOf(bob);
    for (let at = 0; at < 3; at++) await (others[0] as Inside).open(await a.say(`before ${String(at)}`));
    const made = await a.change({ change: 'add', members: [memberIn(carol, 'member')] });
    const c = await joined(carol, made);
    const [four, five, six] = [await a.say('4'), await a.say('5'), await a.say('6')];
    const flight = await c.open(six);
    assert.deepEqual([flight.seq, flight.gap, flight.late], [6, 2, false]);
    assert.deepEqual(gotOf(c.room.state.authors[0]?.received ?? assert.fail()), { last: 6, ranges: [[4, 5]] });
    assert.equal((await c.open(four)).late, true);
    c.restart();
    assert.equal((await c.open(five)).late, true);
    assert.deepEqual(gotOf(c.room.state.authors[0]?.received ?? assert.fail()), { last: 6, ranges: [] });
  });

  test('nothing is told of what may be of a time before, and all of what cannot be', async () => {
    const { a, others } = await roomOf(bob);
    const [b] = others as [Inside];
    const [one, two] = [await a.say('1'), await a.say('2')];
    await b.take(await a.change({ change: 'fresh' }));
    const flight = await b.open(await a.say('3'));
    assert.deepEqual([flight.gap, gotOf(b.room.state.authors[0]?.received ?? assert.fail()).ranges], [2, [[1, 2]]]);
    assert.deepEqual([(await b.open(two)).late, (await b.open(one)).late], [true, true]);

    const made = await a.change({ change: 'add', members: [memberIn(carol, 'member')] });
    const c = await joined(carol, made);
    const four = await a.say('4');
    await c.take(await a.change({ change: 'fresh' }));
    assert.equal((await c.open(await a.say('5'))).gap, 0);
    assert.deepEqual(gotOf(c.room.state.authors[0]?.received ?? assert.fail()), { last: 5, ranges: [] });
    assert.equal((await c.open(four)).late, true);
  });

  function text(body: string) {
    return { items: [{ type: 'text/plain', body: new TextEncoder().encode(body) }], now: NOW };
  }
});

suite('what a room keeps (§10.5, §12)', () => {
  test('skipped keys for 30 days, 1,000 of them', async () => {
    const { a, b } = await three();
    const one = await a.say('1');
    await b.open(await a.say('2'));
    await b.open(await a.say('3'), NOW + SKIPPED_KEY_LIFE);
    assert.equal(b.room.state.skipped.length, 1);
    await b.open(await a.say('4'), NOW + SKIPPED_KEY_LIFE + 1);
    assert.equal(b.room.state.skipped.length, 0);
    await assert.rejects(b.open(one), fails('envelope-0', 'used'));
    const { dh, chain: key } = b.room.state.epochs[0]?.chains[0] ?? assert.fail();
    const many = Array.from({ length: MAX_SKIPPED_KEYS + 5 }, (_, n) => ({ dh, n, key, at: NOW }));
    const full = new Inside(bob, { ...b.room.state, skipped: many });
    await full.open(await a.say('5'));
    assert.deepEqual([full.room.state.skipped.length, full.room.state.skipped[0]?.n], [MAX_SKIPPED_KEYS, 5]);
  });

  test('earlier epochs for 30 days, and 64 of them; the newest always', async () => {
    const { a, b } = await three();
    const old = await a.say('of epoch 1');
    await b.take(await a.change({ change: 'fresh' }));
    assert.equal(b.room.state.epochs.length, 2);
    await b.open(await a.say('x'), NOW + EARLIER_EPOCH_LIFE);
    assert.deepEqual(texts(await new Inside(bob, b.room.state).open(old)), ['of epoch 1']);
    await b.open(await a.say('y'), NOW + EARLIER_EPOCH_LIFE + 1);
    assert.deepEqual(
      b.room.state.epochs.map(({ says }) => says.epoch),
      [2],
    );
    await assert.rejects(b.open(old), fails('envelope-0', 'sid'));
    for (let at = 0; at < MAX_ROOM_EPOCHS + 1; at++) await a.change({ change: 'fresh' }, NOW + at);
    assert.equal(a.room.state.epochs.length, MAX_ROOM_EPOCHS);
    assert.equal((await a.say('z')).state, a.room.state.epochs.at(-1)?.state);
  });

  test('held envelopes for 30 days, 256 of them', async () => {
    const { a, b } = await three();
    await a.change({ change: 'fresh' });
    const envelope = copyFor(await a.say('x'), bob);
    const sid = new Uint8Array(16);
    const held = Array.from({ length: MAX_HELD }, (_, at) => ({ sid, envelope: Uint8Array.of(at, at >> 8), at: NOW }));
    const full = b.from({ ...b.room.state, held });
    await assert.rejects(full.hold(envelope, NOW), fails('limit', 'held'));
    const nearly = b.from({ ...b.room.state, held: held.slice(1) });
    await nearly.hold(envelope, NOW);
    assert.equal(nearly.state.held.length, MAX_HELD);
    const heavy = b.from({ ...b.room.state, held: [{ sid, envelope: new Uint8Array(8 * 2 ** 20 - 100), at: NOW }] });
    await assert.rejects(heavy.hold(envelope, NOW), fails('limit', 'held'));
    await full.hold(envelope, NOW + HELD_LIFE + 1);
    assert.equal(full.state.held.length, 1);
  });

  test('an author is forgotten with the last state that names him', async () => {
    const { a, b, c } = await three();
    await b.open(await c.say('x'));
    await b.take(await a.change({ change: 'remove', members: [partyOf(carol)] }));
    assert.equal(b.room.state.authors.length, 1);
    await b.open(await a.say('x'), NOW + 31 * DAY);
    assert.deepEqual(
      b.room.state.authors.map(({ device }) => toHex(device)),
      [toHex(alice.bundle.device)],
    );
  });

  test('a key that was used, and a secret that was taken, is in no row', async () => {
    const { a, b, made } = await three();
    const secret = a.room.state.epochs[0]?.secret ?? assert.fail();
    const hex = toHex(secret.exposeSecretBytes());
    assert.ok(a.written.includes(hex), 'its maker keeps it until everybody has it');
    assert.ok(!b.written.includes(hex));
    await a.room.forgetSecret(made.state.state);
    assert.ok(!a.written.includes(hex));
    const chain = (side: Inside): string =>
      toHex(
        side.room.state.epochs[0]?.chains
          .find(({ device }) => toHex(device) === toHex(alice.bundle.device))
          ?.chain.exposeSecretBytes() ?? assert.fail(),
      );
    const used = chain(a);
    const [one, two] = [await a.say('1'), await a.say('2')];
    await b.open(two);
    const skipped = toHex(b.room.state.skipped[0]?.key.exposeSecretBytes() ?? assert.fail());
    assert.ok(b.written.includes(skipped));
    await b.open(one);
    for (const side of [a, b]) assert.ok(![used, skipped].some((key) => side.written.includes(key)));
  });

  test('secrets redact themselves', async () => {
    const { a, b } = await three();
    await b.open((await a.say('1'), await a.say('2')));
    for (const side of [a, b]) {
      const { secrets, open } = reach(side.room.state);
      assert.equal(secrets.length, 4); // three chains, and the maker's secret or a skipped key
      for (const { bytes } of secrets) for (const visible of open) assert.ok(!toHex(visible).includes(toHex(bytes)));
    }
  });

  test('rows that are damaged are refused', async () => {
    const { a, b } = await three();
    await b.open((await a.say('1'), await a.say('2')));
    const fresh = await a.change({ change: 'fresh' });
    await b.room.hold(copyFor(await a.say('3'), bob), NOW);
    await assert.rejects(
      b.from({ ...b.room.state }).take({ body: new Uint8Array(1), from: fresh.state.says.by, now: NOW }),
      fails('room', 'shape'),
    );
    const good = encodeRoomRecord(b.room.state);
    const cut = (row: Uint8Array | undefined): Uint8Array => (row ?? assert.fail()).subarray(1);
    assert.throws(() => decodeRoomRecord(p, { ...good, room: cut(good.room) }), fails('cbor'));
    for (const name of ['epochs', 'authors', 'skipped', 'held'] as const) {
      const damaged: StoredRoom = { ...good, [name]: [cut(good[name][0])] };
      assert.throws(() => decodeRoomRecord(p, damaged), fails('cbor'), name);
    }
    assert.equal(writtenOf(decodeRoomRecord(p, good)), writtenOf(b.room.state));
  });
});
