import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toHex } from '../src/bytes.ts';
import type { MadeItems } from '../src/conversation/room-flight.ts';
import type { RoomRecord } from '../src/conversation/room-record.ts';
import { STATE_SETTLES } from '../src/limits.ts';
import type { RoomChange } from '../src/rooms/change.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { type Inside, memberIn, partyOf, roomOf } from './fixtures/rooms.ts';

const LATER = NOW + STATE_SETTLES;
const EARLIER = LATER - 1;

interface Room {
  readonly a: Inside;
  readonly b: Inside;
  readonly c: Inside;
  /** Where bob stood before `fresh`, which a fork beside it undoes. */
  readonly old: RoomRecord;
}

/** Alice and bob are admins, carol and alice's second device members; alice has made a new secret, then another change. */
async function changed(change: RoomChange): Promise<Room> {
  const { a, others } = await roomOf(bob, carol, aliceSecond);
  const [b, c] = others as [Inside, Inside];
  const tell = async (made: MadeItems): Promise<void> => {
    for (const side of [b, c]) await side.take(made);
  };
  await tell(await a.change({ change: 'role', members: [memberIn(bob, 'admin')] }));
  const old = b.room.state;
  await tell(await a.change({ change: 'fresh' }));
  await tell(await a.change(change));
  return { a, b, c, old };
}

const newestOn = (side: Inside): string => toHex(side.room.state.newest);

suite('a settled state (§10.5)', () => {
  test('an admin who was removed does not come back over it; nothing is blocked, and his side is not opened', async () => {
    const { a, b, c, old } = await changed({ change: 'remove', members: [partyOf(bob)] });
    b.room = b.from(old);
    const takeover = await b.change({ change: 'remove', members: [partyOf(alice)] });
    const before = [newestOn(a), newestOn(c)];
    c.restart();
    for (const side of [a, c]) {
      const { written } = side;
      await assert.rejects(side.take(takeover, LATER), fails('room', 'settled'));
      assert.equal(side.written, written);
    }
    assert.deepEqual([newestOn(a), newestOn(c)], before);
    const said = await b.say('I am back', LATER);
    await assert.rejects(c.open(said, LATER), fails('envelope-0', 'sid'));
    assert.equal((await a.say('we go on', LATER)).copies.length, 2);
    assert.equal((await c.change({ change: 'fresh' }, LATER)).state.says.epoch, 5);
    // What grows on it is not taken either, whoever brings it.
    const grown = await b.change({ change: 'fresh' }, LATER);
    await assert.rejects(c.take(grown, LATER), fails('room', 'known'));
  });

  test('a millisecond before 24 hours the rule for forks decides still, as for a device that was away', async () => {
    const { b, c, old } = await changed({ change: 'remove', members: [partyOf(bob)] });
    b.room = b.from(old);
    const takeover = await b.change({ change: 'remove', members: [partyOf(alice)] });
    c.restart();
    const taken = await c.take(takeover, EARLIER);
    assert.deepEqual([taken.place, taken.undone.map(({ says }) => says.change)], ['newest', ['fresh', 'remove']]);
  });

  test('one settled state on a side holds all that stands on it', async () => {
    const { a, b, c, old } = await changed({ change: 'name', name: 'Ast' });
    const removed = await a.change({ change: 'remove', members: [partyOf(bob)] }, LATER);
    await c.take(removed, LATER);
    b.room = b.from(old);
    const takeover = await b.change({ change: 'remove', members: [partyOf(alice)] });
    await assert.rejects(c.take(takeover, LATER), fails('room', 'settled'));
  });

  test('a state that loses undoes nothing: it is taken as lost, whoever made it', async () => {
    const { a, b, c } = await changed({ change: 'name', name: 'Ast' });
    const place = b.room.state;
    const removed = await a.change({ change: 'remove', members: [partyOf(bob)] });
    await c.take(removed);
    b.room = b.from(place);
    const fresh = await b.change({ change: 'fresh' });
    assert.deepEqual([(await c.take(fresh, LATER)).place, newestOn(c)], ['lost', newestOn(a)]);
    assert.equal(c.room.state.alarm, undefined);
  });

  test('by a member who is no admin any more: the alarm, and nothing is sent until the user has decided', async () => {
    const { b, c, old } = await changed({ change: 'role', members: [memberIn(bob, 'member')] });
    b.room = b.from(old);
    const takeover = await b.change({ change: 'remove', members: [partyOf(alice)] });
    const before = newestOn(c);
    await assert.rejects(c.take(takeover, LATER), fails('room', 'fork'));
    assert.deepEqual([newestOn(c), c.room.state.alarm?.statement], [before, takeover.state.statement]);
    c.restart();
    await assert.rejects(c.say('x', LATER), fails('room', 'fork'));
    await c.room.settle();
    await assert.rejects(c.take(takeover, LATER), fails('room', 'fork'));
    assert.equal((await c.say('decided', LATER)).copies.length, 3);
  });

  test('an admin of the newest state may: he could change as much there; what it undoes is told', async () => {
    const { a, b, c, old } = await changed({ change: 'name', name: 'Ast' });
    b.room = b.from(old);
    const removed = await b.change({ change: 'remove', members: [partyOf(aliceSecond)] });
    for (const side of [a, c]) {
      const taken = await side.take(removed, LATER);
      assert.deepEqual([taken.place, taken.undone.map(({ says }) => says.change)], ['newest', ['fresh', 'name']]);
    }
    assert.deepEqual([newestOn(a), newestOn(c)], [newestOn(b), newestOn(b)]);
  });
});
