import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import type { ChainState } from '../src/conversation/flight.ts';
import type { SealedMailboxFlight } from '../src/conversation/mailbox-conversation.ts';
import { encodeMailboxState, type MailboxState, sendingSession } from '../src/conversation/mailbox-state.ts';
import { gotOf } from '../src/envelope/received-chain.ts';
import { isProtocolError } from '../src/errors.ts';
import { renewDevice } from '../src/keys/device.ts';
import { DAY, MAX_BODY, OUTER_LENGTHS, OUTER_OVERHEAD } from '../src/limits.ts';
import { openOuter, sealOuter } from '../src/outer/outer.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import {
  clientSide,
  fails,
  newSession as newLiveSession,
  say,
  serverSide,
  textItem,
  texts,
} from './fixtures/conversations.ts';
import { alice, aliceAccount, bob, carol, NOW } from './fixtures/devices.ts';
import { Side, sides } from './fixtures/mailboxes.ts';

/** Everything that a state would store, as text that can be compared. */
const written = (state: MailboxState): string => {
  const { bundles, chains, sessions, skipped } = encodeMailboxState(state);
  return [...bundles, chains, ...sessions, ...skipped].map(toHex).join('\n');
};
const stateOf = (side: Side): string => written(side.conversation.state);

/** Alice has started, and bob has answered. */
async function answered(): Promise<{ a: Side; b: Side }> {
  const { a, b } = sides();
  await a.start(0);
  await b.receive((await a.say('one')).inner);
  await a.receive((await b.say('two')).inner);
  return { a, b };
}

suite('a conversation through mailboxes (§9)', () => {
  test('begins with a start, which rides until the peer has answered', async () => {
    const { a, b } = sides();
    await a.start(7);
    const [one, two] = [await a.say('one'), await a.say('two')];
    assert.ok(one.inner.start.length > 0);
    assert.deepEqual(two.inner.start, one.inner.start);
    const opened = await b.receive(one.inner);
    assert.deepEqual([texts(opened), opened.seq, opened.gap, opened.late], [['one'], 1, 0, false]);
    assert.equal(opened.proof.length, 6);
    assert.deepEqual(texts(await b.receive(two.inner)), ['two']);
    const answer = await b.say('three');
    assert.equal(answer.inner.start.length, 0);
    assert.deepEqual(answer.sid, one.sid);
    assert.ok((await a.say('unanswered')).inner.start.length > 0);
    assert.deepEqual(texts(await a.receive(answer.inner)), ['three']);
    assert.equal((await a.say('answered')).inner.start.length, 0);
  });

  test('the relay may drop the first: the second starts it too, and the first comes late', async () => {
    const { a, b } = sides();
    await a.start();
    const [one, two, three] = [await a.say('one'), await a.say('two'), await a.say('three')];
    const second = await b.receive(two.inner);
    assert.deepEqual([second.gap, second.late], [1, false]);
    assert.deepEqual(gotOf(b.conversation.state.received), { last: 2, ranges: [[1, 1]] });
    await b.receive(three.inner);
    const late = await b.receive(one.inner);
    assert.deepEqual([texts(late), late.late, late.gap], [['one'], true, 0]);
    assert.deepEqual(gotOf(b.conversation.state.received), { last: 3, ranges: [] });
    await assert.rejects(b.receive(one.inner), fails('envelope-0', 'used'));
  });

  test('goes through the outer sealing in the sizes of the relay', async () => {
    const { a, b } = await answered();
    const mailbox = p.randomBytes(32);
    const { inner } = await a.say('hello');
    const outer = sealOuter(p, { inner, dhKey: bob.bundle.certificate.dhKey, mailbox });
    assert.equal(outer.length, 1024 + OUTER_OVERHEAD);
    const out = openOuter(p, { outer, dhKey: bob.dhKey, mailbox });
    assert.ok(out.kind === 'envelope');
    assert.deepEqual(texts(await b.receive(out)), ['hello']);
  });

  test('any order, copy or loss: each flight is shown once, and what is missing is known', async () => {
    const { a, b } = await answered();
    const sent: SealedMailboxFlight[] = [];
    for (let i = 0; i < 6; i++) {
      sent.push(await a.say(`a${i}`));
      if (i === 2) {
        await b.receive((sent[2] as SealedMailboxFlight).inner);
        await a.receive((await b.say('turn')).inner); // the rest goes in another chain
      }
    }
    const from = b.conversation.state;
    const rest = sent.filter((_, i) => i !== 2);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(rest.length - 1), { maxLength: 9 }), async (order) => {
        b.conversation = b.from(from);
        const shown = new Set<number>();
        for (const index of order) {
          const { inner, seq, items } = rest[index] as SealedMailboxFlight;
          if (shown.has(index)) {
            const before = stateOf(b);
            await assert.rejects(b.receive(inner), fails('envelope-0', 'used'));
            assert.equal(stateOf(b), before);
            continue;
          }
          const flight = await b.receive(inner);
          shown.add(index);
          assert.deepEqual(flight.items, items);
          assert.equal(flight.seq, seq);
        }
        const came = new Set([1, 4, ...[...shown].map((index) => (rest[index] as SealedMailboxFlight).seq)]);
        const { last, ranges } = gotOf(b.conversation.state.received);
        const missing = ranges.flatMap(([first, end]) => Array.from({ length: end - first + 1 }, (_, i) => first + i));
        const wanted = Array.from({ length: last }, (_, i) => i + 1).filter((seq) => !came.has(seq));
        assert.deepEqual([last, missing], [Math.max(...came), wanted]);
      }),
      { numRuns: 15 },
    );
  });

  test('a home that is restarted at any point goes on as the one that was not', async () => {
    const command = fc.record({ what: fc.constantFrom('say', 'take', 'copy', 'lose'), b: fc.boolean(), at: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 10 }), async (script) => {
        const { a, b } = await answered();
        const ways = new Map<Side, SealedMailboxFlight[]>([
          [a, []],
          [b, []],
        ]);
        const opened = new Map<Side, SealedMailboxFlight[]>([
          [a, []],
          [b, []],
        ]);
        for (const { what, b: isB, at } of script) {
          const [me, peer] = isB ? [b, a] : [a, b];
          const [way, done] = [ways.get(me) ?? [], opened.get(me) ?? []];
          if (what === 'say') ways.get(peer)?.push(await me.say(String(at)));
          if (what === 'lose') way.splice(at, 1);
          if (what === 'take' && way.length > 0) {
            const [flight] = way.splice(at % way.length, 1) as [SealedMailboxFlight];
            assert.deepEqual((await me.receive(flight.inner)).items, flight.items);
            done.push(flight);
          }
          if (what === 'copy' && done.length > 0) {
            const copy = done[at % done.length] as SealedMailboxFlight;
            await assert.rejects(me.receive(copy.inner), fails('envelope-0', 'used'));
          }
          const before = stateOf(me);
          await me.restart();
          assert.equal(stateOf(me), before);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('any flipped bit is refused and changes nothing, in a first envelope and in a later one', async () => {
    const { a, b } = sides();
    await a.start(1);
    const first = await a.say('first');
    const fresh = [stateOf(b), b.held] as const;
    const flip = (bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> => {
      const changed = new Uint8Array(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      return changed;
    };
    const bits = (bytes: Uint8Array): fc.Arbitrary<number> => fc.nat(bytes.length * 8 - 1);
    const { envelope, start } = first.inner;
    const refused = (error: unknown): boolean => isProtocolError(error, 'envelope-0', 'envelope-1', 'start');
    await fc.assert(
      fc.asyncProperty(bits(envelope), bits(start), fc.boolean(), async (bit, other, inStart) => {
        const inner = {
          ...first.inner,
          ...(inStart ? { start: flip(start, other) } : { envelope: flip(envelope, bit) }),
        };
        await assert.rejects(b.receive(inner), refused);
        assert.deepEqual([stateOf(b), b.held], fresh);
      }),
      { numRuns: 60 },
    );
    await b.receive(first.inner);
    const second = await a.say('second');
    const before = stateOf(b);
    await fc.assert(
      fc.asyncProperty(bits(second.envelope), async (bit) => {
        await assert.rejects(b.conversation.open(flip(second.envelope, bit), NOW), refused);
        assert.equal(stateOf(b), before);
      }),
      { numRuns: 100 },
    );
    assert.deepEqual(texts(await b.receive(second.inner)), ['second']);
  });

  test('behind a good HMAC the key is burnt and the failure counts; in a start nothing is, and it does not', async () => {
    const { a, b } = await answered();
    const liar = new Side({ ...alice, signKey: carol.signKey }, a.held, a.peer);
    liar.conversation = liar.from(a.conversation.state);
    const { inner } = await liar.say('not signed by alice');
    const before = stateOf(b);
    await assert.rejects(b.receive(inner), fails('envelope-5', 'signature'));
    assert.notEqual(stateOf(b), before);
    assert.equal(b.conversation.failuresBehindHmac, 1);
    assert.equal(gotOf(b.conversation.state.received).last, 1);
    await assert.rejects(b.receive(inner), fails('envelope-0', 'used'));

    const fresh = sides();
    const starter = new Side({ ...alice, signKey: carol.signKey }, fresh.a.held, fresh.a.peer);
    await starter.start(3);
    const first = await starter.say('not signed by alice');
    const nothing = stateOf(fresh.b);
    await assert.rejects(fresh.b.receive(first.inner), fails('envelope-5', 'signature'));
    assert.equal(stateOf(fresh.b), nothing);
    assert.equal(fresh.b.conversation.failuresBehindHmac, 0);
    assert.equal(fresh.b.held[0]?.entries.length, 100);
  });

  test('a session and a start of another device are refused', async () => {
    const { a, b } = sides();
    await a.start();
    const { inner } = await a.say('x');
    await assert.rejects(b.conversation.open(inner.envelope, NOW), fails('envelope-0', 'sid'));
    const strange = { account: carol.bundle.account, device: carol.bundle.device };
    b.conversation = b.from({ ...b.conversation.state, peer: { ...carol.bundle, ...strange } });
    await assert.rejects(b.receive(inner), fails('envelope-0', 'sid'));
    await assert.rejects(a.receive(inner), fails('envelope-0', 'device'));
  });

  test('age is no fault, the certificate counts at the time of sending', async () => {
    const { a, b } = await answered();
    const old = await a.say('old');
    const flight = await b.receive(old.inner, NOW + 300 * DAY);
    assert.deepEqual([flight.age, flight.ttl], [300 * DAY, 0]);
    const end = alice.bundle.certificate.notAfter;
    await b.receive((await a.say('on its last day', end)).inner, end + 20 * DAY);
    await assert.rejects(b.receive((await a.say('past it', end + 1)).inner, end), fails('envelope-5', 'certificate'));
    const wish = await a.conversation.seal({ items: [textItem('x')], now: NOW, ttl: 3600 });
    assert.equal((await b.receive(wish.inner)).ttl, 3600);
  });

  test('goes on in a live channel and back: one chain, and what lay in the mailbox meanwhile comes late', async () => {
    const { a, b } = await answered();
    const mailed = await a.say('by mail');
    const session = newLiveSession();
    const chainOf = (side: Side): ChainState => {
      const { sent, received } = side.conversation.state;
      return { sent, received: received.last };
    };
    const server = serverSide({ session, device: alice, peer: bob, chain: chainOf(a) });
    const client = clientSide({ session, device: bob, peer: alice, chain: chainOf(b) });
    const live = await client.open((await say(server, 'live')).envelope, NOW);
    assert.deepEqual([live.seq, live.gap], [3, 1]);
    await a.conversation.noteLive(server.chain);
    await b.conversation.noteLive(client.chain, live);
    assert.deepEqual(gotOf(b.conversation.state.received), { last: 3, ranges: [[2, 2]] });
    const late = await b.receive(mailed.inner);
    assert.deepEqual([texts(late), late.late], [['by mail'], true]);
    const after = await b.receive((await a.say('by mail again')).inner);
    assert.deepEqual([after.seq, after.gap, gotOf(b.conversation.state.received).ranges], [4, 0, []]);
  });

  test('there is nothing to seal in before a start, and nothing is sealed over a limit', async () => {
    const { a, b } = await answered();
    await assert.rejects(sides().a.say('x'), fails('reuse', 'session'));
    const before = stateOf(a);
    const wide = { type: 'a/b', body: new Uint8Array(MAX_BODY) };
    const ctl = Array.from({ length: 14 }, () => ['x', new Uint8Array(4000)] as const);
    await assert.rejects(a.conversation.seal({ items: [wide], ctl, now: NOW }), fails('limit', 'outer'));
    await assert.rejects(a.conversation.seal({ items: [], now: NOW }), fails('limit', 'items'));
    await assert.rejects(a.conversation.seal({ items: [wide], now: -1 }), fails('limit', 'sent'));
    assert.equal(stateOf(a), before);
    const { inner } = await a.conversation.seal({ items: [wide], now: NOW });
    const outer = sealOuter(p, { inner, dhKey: bob.bundle.certificate.dhKey, mailbox: new Uint8Array(32) });
    assert.ok(OUTER_LENGTHS.includes(outer.length - OUTER_OVERHEAD));
    assert.equal((await b.receive(inner)).items[0]?.body.length, MAX_BODY);
  });

  test('post-quantum steps go on through mailboxes, and one-way talk owes a step', async () => {
    const { a, b } = await answered();
    let now = NOW;
    for (let round = 0; round < 8; round++) {
      now += 25 * 3_600_000;
      await b.receive((await a.say('x', now)).inner, now);
      assert.equal(b.conversation.stepDue(now), true);
      await a.receive((await b.say('y', now)).inner, now);
    }
    assert.ok((sendingSession(b.conversation.state)?.ratchet.pq.epoch ?? 0) >= 3);
    assert.equal(sides().a.conversation.stepDue(NOW), false);
  });
});

suite('a renewed certificate (§9.5)', () => {
  const renew = (options: { rotateWrapKey: boolean }, now = NOW) =>
    renewDevice(p, { account: aliceAccount, device: alice, now, newDeviceId: false, ...options });

  test('comes in an accepted flight, wraps go to its key, and what was sent before it still opens', async () => {
    const { a, b } = await answered();
    const later = NOW + 200 * DAY;
    const before = await a.say('sent before', NOW);
    const renewed = new Side(await renew({ rotateWrapKey: true }, later), a.held, a.peer);
    renewed.conversation = renewed.from(a.conversation.state);
    const { bundle } = renewed.device;
    const told = { items: [textItem('new keys')], ctl: [['bundle', bundle.bytes] as const], now: later };
    await b.receive((await renewed.conversation.seal(told)).inner, later);
    assert.deepEqual(b.conversation.state.peer.bytes, bundle.bytes);
    assert.deepEqual(texts(await b.receive(before.inner, later)), ['sent before']);
    await b.restart();
    const answer = await b.say('to the new key', later);
    assert.deepEqual(texts(await renewed.receive(answer.inner, later)), ['to the new key']);
    await assert.rejects(a.receive(answer.inner, later), fails('envelope-3'));
  });

  test('is ignored where it is of another device, not newer, not good now, or no bundle', async () => {
    const { a, b } = await answered();
    const { bundle } = await renew({ rotateWrapKey: false });
    const future = await renew({ rotateWrapKey: false }, NOW + 2 * DAY);
    const ctl = [
      ['bundle', carol.bundle.bytes],
      ['bundle', alice.bundle.bytes],
      ['bundle', future.bundle.bytes],
      ['bundle', bundle.bytes.subarray(1)],
      ['bundle', bundle.bytes, 1],
      ['bundle', 5],
      ['bundle'],
    ] as const;
    const flight = await a.conversation.seal({ items: [textItem('x')], ctl, now: NOW });
    assert.deepEqual(texts(await b.receive(flight.inner)), ['x']);
    assert.deepEqual(b.conversation.state.peer.bytes, alice.bundle.bytes);
    const good = await a.conversation.seal({ items: [textItem('x')], ctl: [['bundle', bundle.bytes]], now: NOW });
    await b.receive(good.inner);
    assert.deepEqual(b.conversation.state.peer.bytes, bundle.bytes);
  });
});
