import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, toHex } from '../src/bytes.ts';
import type { SealedMailboxFlight } from '../src/conversation/mailbox-conversation.ts';
import { newSession } from '../src/conversation/mailbox-session.ts';
import { dropOld, sendingSession } from '../src/conversation/mailbox-state.ts';
import { DAY, MAX_SESSIONS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { SecretKey } from '../src/primitives.ts';
import { fails, texts } from './fixtures/conversations.ts';
import { NOW } from './fixtures/devices.ts';
import { type Side, sides } from './fixtures/mailboxes.ts';

const sending = (side: Side): string => toHex(sendingSession(side.conversation.state)?.sid ?? new Uint8Array(0));

suite('several sessions of two devices (§9.4)', () => {
  test('two starts at once: both send on the lower sid, and what went on the other one opens too', async () => {
    const { a, b } = sides();
    await a.start(0);
    await b.start(0);
    const [fromA, fromB] = [await a.say('from a'), await b.say('from b')];
    assert.deepEqual(texts(await a.receive(fromB.inner)), ['from b']);
    assert.deepEqual(texts(await b.receive(fromA.inner)), ['from a']);
    const lower = compareBytes(fromA.sid, fromB.sid) < 0 ? fromA.sid : fromB.sid;
    assert.deepEqual([sending(a), sending(b)], [toHex(lower), toHex(lower)]);
    for (const [from, to] of [
      [a, b],
      [b, a],
      [a, b],
    ] as const) {
      const { inner, sid } = await from.say('on the lower');
      assert.deepEqual(sid, lower);
      assert.deepEqual(texts(await to.receive(inner)), ['on the lower']);
    }
  });

  test('two starts at once, in every order of what is said and comes: in the end both send on one session', async () => {
    const command = fc.record({ say: fc.boolean(), b: fc.boolean(), at: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 8 }), async (script) => {
        const { a, b } = sides();
        await a.start(1);
        await b.start(1);
        const ways = new Map<Side, SealedMailboxFlight[]>([
          [b, [await a.say('a')]],
          [a, [await b.say('b')]],
        ]);
        const take = async (to: Side, at: number): Promise<void> => {
          const way = ways.get(to) ?? [];
          const [flight] = way.splice(at % Math.max(1, way.length), 1);
          if (flight !== undefined) assert.deepEqual((await to.receive(flight.inner)).items, flight.items);
        };
        for (const { say, b: isB, at } of script) {
          const [me, peer] = isB ? [b, a] : [a, b];
          if (say) ways.get(peer)?.push(await me.say('x'));
          else await take(me, at);
        }
        while ([...ways.values()].some((way) => way.length > 0)) for (const to of [a, b]) await take(to, 0);
        assert.equal(sending(a), sending(b));
        assert.notEqual(sending(a), '');
      }),
      { numRuns: 15 },
    );
  });

  test('a start that comes late, after an answer on the other session, changes nothing', async () => {
    // Repeated until alice's sid is the lower one: bob gives up his own start for it, and alice sees that first.
    for (;;) {
      const { a, b } = sides();
      await a.start(4);
      await b.start(4);
      const [fromA, fromB] = [await a.say('from a'), await b.say('from b')];
      if (compareBytes(fromA.sid, fromB.sid) > 0) continue;
      await b.receive(fromA.inner);
      await a.receive((await b.say('answer')).inner);
      assert.equal((await a.receive(fromB.inner)).late, true);
      assert.deepEqual([sending(a), sending(b)], [toHex(fromA.sid), toHex(fromA.sid)]);
      return;
    }
  });

  test('a later start is sent on, and a session that was given up does not come back', async () => {
    const { a, b } = sides();
    await a.start(2);
    const first = await a.say('first');
    await b.receive(first.inner);
    await a.receive((await b.say('answer')).inner);
    const slow = await a.say('slow');
    await a.start(3);
    const second = await a.say('second');
    assert.notEqual(toHex(second.sid), toHex(first.sid));
    await b.receive(second.inner);
    assert.equal(sending(b), toHex(second.sid));
    assert.deepEqual(texts(await b.receive(slow.inner)), ['slow']);
    assert.equal(sending(b), toHex(second.sid));
    assert.deepEqual(texts(await a.receive((await b.say('on the second')).inner)), ['on the second']);
  });

  test('8 sessions are kept, ended ones for 30 days, and of those that are gone the sid for 60', async () => {
    const { a, b } = sides();
    const flights: SealedMailboxFlight[] = [];
    for (let i = 0; i < MAX_SESSIONS + 1; i++) {
      await a.start(10 + i, NOW + i);
      flights.push(await a.say(String(i), NOW + i));
    }
    assert.equal(a.conversation.state.sessions.length, MAX_SESSIONS);
    assert.deepEqual(
      a.conversation.state.gone.map(({ sid }) => sid),
      [flights[0]?.sid],
    );
    for (const [i, { inner }] of flights.entries()) await b.receive(inner, NOW + i);
    assert.equal(b.conversation.state.sessions.length, MAX_SESSIONS);
    const [oldest, next] = flights as [SealedMailboxFlight, SealedMailboxFlight];
    // A start does not bring it back, and its peer hears that it is no more: it may have gone on in it.
    await assert.rejects(b.receive(oldest.inner), fails('envelope-0', 'sid'));
    await assert.rejects(b.receive(next.inner), fails('envelope-0', 'used'));
    const at = (ms: number): number => dropOld(b.conversation.state, NOW + 30 * DAY + ms).sessions.length;
    assert.deepEqual([at(2), at(3)], [MAX_SESSIONS, MAX_SESSIONS - 1]);
    const month = dropOld(b.conversation.state, NOW + 31 * DAY);
    assert.deepEqual([month.sessions.length, month.gone.length], [1, MAX_SESSIONS]);
    assert.equal(dropOld(month, NOW + 91 * DAY + 1).gone.length, 0);
    assert.equal(dropOld(month, NOW + 1000 * DAY).sessions.length, 1);
  });

  test('2,000 skipped keys are kept of all sessions together, the newest', async () => {
    const { a } = sides();
    for (let i = 0; i < 3; i++) await a.start(30 + i, NOW);
    const { sessions } = a.conversation.state;
    const full = sessions.map((session, which) => ({
      ...newSession(session),
      ended: session.ended,
      skipped: Array.from({ length: 900 }, (_, n) => ({
        dh: new Uint8Array(32).fill(which),
        n,
        key: new SecretKey(p.randomBytes(32)),
        peLow: 0,
        peHigh: 0,
        at: NOW + which,
      })),
    }));
    const kept = dropOld({ ...a.conversation.state, sessions: full }, NOW + 10).sessions;
    assert.deepEqual(
      kept.map(({ skipped }) => skipped.length),
      [200, 900, 900],
    );
  });
});
