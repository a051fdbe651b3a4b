import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { utf8 } from '../src/bytes.ts';
import { newestEpoch } from '../src/conversation/room-record.ts';
import type { Device } from '../src/keys/device.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { addedAt } from '../src/rooms/added.ts';
import { makeNextState, signLeave } from '../src/rooms/make-room-state.ts';
import { encodeRoomItem, type Signed } from '../src/rooms/room-item.ts';
import type { RoomState } from '../src/rooms/room-state.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { type Inside, partyOf, roomOf, stateOf } from './fixtures/rooms.ts';

suite('the leave statements in a state (§10.2)', () => {
  test('are those of the lines left out, one each, of this room, in any order', async () => {
    const { a, others } = await roomOf(bob, carol, aliceSecond);
    const [b] = others as [Inside];
    const before = newestEpoch(a.room.state);
    const { room } = before.says;
    const wordOf = (device: Device, of = room, key = device): Promise<Signed> =>
      signLeave(p, { me: device.bundle, signKey: key.signKey, now: NOW }, of);
    const [first, second, stays] = [await wordOf(carol), await wordOf(aliceSecond), await wordOf(bob)];
    const change = { change: 'leave', members: [partyOf(carol), partyOf(aliceSecond)] } as const;
    const maker = { me: alice.bundle, signKey: alice.signKey, now: NOW };
    const { state } = await makeNextState(p, maker, { before, change, leaves: [first, second] });
    const take = (leaves: readonly Signed[]) => {
      const { statement, signature, file } = state;
      const body = encodeRoomItem({ statement, signature, file: file.bytes, secret: undefined, leaves });
      return b.from(b.room.state).take({ body, from: partyOf(alice), now: NOW });
    };
    for (const leaves of [
      [],
      [first],
      [first, second, stays],
      [first, first],
      [first, stays],
      [first, await wordOf(aliceSecond, new Uint8Array(32))],
      [first, await wordOf(aliceSecond, room, bob)],
      [first, { ...second, signature: first.signature }],
      [first, { ...second, statement: utf8('waxwing/1 room-leave\n') }],
    ]) {
      await assert.rejects(take(leaves), fails('room', 'leaves'));
    }
    for (const leaves of [
      [first, second],
      [second, first],
    ]) {
      assert.equal((await take(leaves)).place, 'newest');
    }
  });

  test('a change that is no leaving has none', async () => {
    const { a, others } = await roomOf(bob, carol);
    const [b] = others as [Inside];
    const before = newestEpoch(a.room.state);
    const leaves = [await signLeave(p, { me: carol.bundle, signKey: carol.signKey, now: NOW }, before.says.room)];
    const change = { change: 'remove', members: [partyOf(carol)] } as const;
    const maker = { me: alice.bundle, signKey: alice.signKey, now: NOW };
    const { state } = await makeNextState(p, maker, { before, change, leaves });
    const { statement, signature, file } = state;
    const body = encodeRoomItem({ statement, signature, file: file.bytes, secret: undefined, leaves });
    await assert.rejects(b.room.take({ body, from: partyOf(alice), now: NOW }), fails('room', 'leaves'));
  });
});

suite('when a member was last added (§10.1)', () => {
  const at = (state: RoomState, made: number): RoomState => ({ ...state, says: { ...state.says, made } });
  const one = at(stateOf({ prev: undefined, by: alice, change: 'create', without: [carol] }), 1);
  const two = at(stateOf({ prev: one, by: alice, change: 'add' }), 2);
  const three = at(stateOf({ prev: two, by: alice, change: 'fresh' }), 3);
  const four = at(stateOf({ prev: three, by: alice, change: 'remove', without: [carol] }), 4);
  const five = at(stateOf({ prev: four, by: alice, change: 'add' }), 5);
  const six = at(stateOf({ prev: five, by: alice, change: 'name' }), 6);
  const all = [six, one, four, two, five, three];

  test('is found below later states, and the last time counts', () => {
    assert.deepEqual(
      [two, three, four, five, six].map((from) => addedAt(all, from, carol.bundle)),
      [2, 2, 0, 5, 5],
    );
    assert.deepEqual([addedAt(all, six, bob.bundle), addedAt(all, one, carol.bundle)], [1, 0]);
  });

  test('is not known where that state is not held any more', () => {
    const held = all.filter((state) => state !== one && state !== two);
    assert.deepEqual([addedAt(held, three, carol.bundle), addedAt(held, six, bob.bundle)], [0, 0]);
    assert.equal(addedAt(held, six, carol.bundle), 5);
  });
});
