import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_SAFE_UINT, MAX_U32 } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { decodeRoomItem, encodeRoomItem } from '../src/rooms/room-item.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { bodyFor, type Inside, partyOf, roomOf, three } from './fixtures/rooms.ts';
import { sendPlace } from '../src/rooms/sender-chain.ts';

suite('the leave statements of a state (§10.1)', () => {
  test('are one of each who is left out: the same one twice stands for nobody else', async () => {
    const { a, others } = await roomOf(bob, carol, aliceSecond);
    const [b, c, second] = others as [Inside, Inside, Inside];
    for (const side of [b, c]) await a.room.takeLeave(bodyFor(await side.room.leave(NOW), alice), NOW);
    const made = await a.change(a.room.changeDue(NOW) ?? assert.fail());
    const { statement, signature, file, secret, leaves } = decodeRoomItem(bodyFor(made.items, aliceSecond));
    const [one, two] = leaves;
    if (one === undefined || two === undefined) return assert.fail();
    const take = (list: typeof leaves) => {
      const body = encodeRoomItem({ statement, signature, file, secret, leaves: list });
      return second.room.take({ body, from: partyOf(alice), now: NOW });
    };
    const before = second.written;
    for (const list of [[one, one], [two, two], [one], [one, two, two], []]) {
      await assert.rejects(take(list), fails('room', 'leaves'));
    }
    assert.equal(second.written, before);
    assert.equal((await take([two, one])).place, 'newest');
  });
});

suite('counters of a room at their end (§10.3)', () => {
  test('a chain gives its last place, and none after it', async () => {
    const { a } = await three();
    const [chain] = a.room.state.epochs[0]?.chains ?? [];
    if (chain === undefined) return assert.fail();
    const { next } = sendPlace(p, { ...chain, n: MAX_U32 - 1 });
    assert.equal(next.n, MAX_U32);
    assert.throws(() => sendPlace(p, next), fails('reuse', 'chain'));
  });

  test('nothing is sealed past it, and nothing has changed then', async () => {
    const { a } = await three();
    const { state } = a.room;
    const ended = state.epochs.map((epoch) => ({
      ...epoch,
      chains: epoch.chains.map((one) => ({ ...one, n: MAX_U32 })),
    }));
    const cases = [
      [{ ...state, epochs: ended }, 'chain'],
      [{ ...state, sent: { ...state.sent, seq: MAX_SAFE_UINT } }, 'seq'],
    ] as const;
    for (const [record, check] of cases) {
      a.room = a.from(record);
      await assert.rejects(a.say('x'), fails('reuse', check));
      assert.equal(a.room.state, record);
    }
    a.room = a.from({ ...state, sent: { ...state.sent, seq: MAX_SAFE_UINT - 1 } });
    assert.equal((await a.say('the last one')).seq, MAX_SAFE_UINT);
  });
});
