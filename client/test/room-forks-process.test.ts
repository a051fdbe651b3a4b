/** Rooms that a member forks (§10.5), at a relay in memory: what its users are told, and the ways out. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import {
  concat,
  DAY,
  decodeRoomRecord,
  newestEpoch,
  type RoomChange,
  RoomConversation,
  type RoomRecord,
  TYPE_TEXT,
  utf8,
} from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { inRoom, roomOf, roomOfThree, type ThreeInARoom, who } from './fixtures/room-of-three.ts';
import type { TestMessenger } from './fixtures/messengers.ts';

function recordOf(one: TestMessenger): RoomRecord {
  return decodeRoomRecord(nodePrimitives, one.home.store.rooms.load(roomOf(one)) ?? assert.fail());
}

/** A state that `by` makes of an earlier record and tells to one member alone, over its true session. */
async function lie(
  by: TestMessenger,
  of: { readonly from: RoomRecord; readonly to: TestMessenger; readonly change: RoomChange },
): Promise<void> {
  const conversation = new RoomConversation(nodePrimitives, {
    device: by.home.device,
    state: of.from,
    certificates: () => [by.home.device.bundle.certificate],
  });
  const { items } = await conversation.change(of.change, by.clock.time);
  const { item } = items.find(({ to }) => Buffer.compare(to.account, of.to.account) === 0) ?? assert.fail();
  by.home.store.errands.add(of.to.account, { type: item.type, body: new Uint8Array(item.body) });
  by.line.down();
  await by.connect();
}

/** Whether of removals of each other on the newest state that of the first one lasts (§10.5). */
function wouldLast(one: TestMessenger, other: TestMessenger): boolean {
  const prev = newestEpoch(recordOf(one)).state;
  const rank = ({ home }: TestMessenger): Uint8Array => {
    const { account, device } = home.device.bundle;
    return nodePrimitives.sha256(concat(utf8('waxwing/1 fork\n'), prev, account, device));
  };
  return Buffer.compare(rank(one), rank(other)) < 0;
}

/** Alice calls the room one thing before all, and another thing to bob. */
async function forkedByAlice(t: TestContext): Promise<ThreeInARoom> {
  const world = await roomOfThree(t);
  const { alice, bob, carol } = world;
  const from = recordOf(alice);
  await alice.messenger.renameRoom(roomOf(alice), 'coffee');
  await bob.until('room', ({ change }) => change === 'name');
  await carol.until('room', ({ change }) => change === 'name');
  await lie(alice, { from, to: bob, change: { change: 'name', name: 'cocoa' } });
  return world;
}

suite('a room that a member forks', { timeout: 60_000 }, () => {
  test('who was told two things is told who did it, and says nothing there until he goes on', async (t) => {
    const { alice, bob, carol } = await forkedByAlice(t);
    const alarm = await bob.until('fork', (event) => event.alarm);
    assert.match(alarm.sentence, /contradicts.*\/room settle/u);
    const forked = inRoom(bob).view.room;
    assert.equal(forked?.standing, 'fork');
    assert.ok(forked.forkedBy !== 'me' && forked.forkedBy?.fingerprint === who(alice));
    assert.throws(() => inRoom(bob).post(['anybody?']), { code: 'room-forked' });
    await assert.rejects(bob.messenger.renameRoom(roomOf(bob), 'tea'), { code: 'room-forked' });
    // What others say there is read all the same.
    inRoom(carol).post(['what is going on?']);
    assert.deepEqual(await bob.shown(1), ['what is going on?']);

    assert.equal(await bob.messenger.settleRoom(roomOf(bob)), true);
    const after = inRoom(bob).view.room;
    assert.deepEqual([after?.standing, after?.forkedBy, after?.name], ['member', undefined, 'coffee']);
    inRoom(bob).post(['I go on']);
    assert.deepEqual(await carol.shown(1), ['I go on']);
    assert.equal(await bob.messenger.settleRoom(roomOf(bob)), false);
  });

  test('the decision outlasts a restart, and the same state raises no alarm again', async (t) => {
    const { alice, bob, carol } = await forkedByAlice(t);
    await bob.until('fork', (event) => event.alarm);
    const alarm = recordOf(bob).alarm ?? assert.fail();
    await bob.kill();
    await bob.connect();
    assert.equal(inRoom(bob).view.room?.standing, 'fork');
    await bob.messenger.settleRoom(roomOf(bob));
    await bob.kill();
    await bob.connect();
    assert.equal(inRoom(bob).view.room?.standing, 'member');
    assert.deepEqual(recordOf(bob).alarm, { ...alarm, settled: true });
    inRoom(alice).post(['still here']);
    assert.deepEqual(await bob.shown(1), ['still here']);
    inRoom(bob).post(['so am I']);
    assert.deepEqual(await carol.shown(2), ['still here', 'so am I']);
  });

  test('what is queued stays while the user has not decided, and goes when he has', async (t) => {
    const { alice, bob, carol } = await forkedByAlice(t);
    await bob.until('fork', (event) => event.alarm);
    // As if it had been typed just before the alarm came.
    bob.home.store.outbox.enqueue({ room: roomOf(bob) }, [{ type: TYPE_TEXT, body: utf8('queued before') }]);
    bob.line.down();
    await bob.connect();
    inRoom(carol).post(['meanwhile']);
    await bob.shown(1);
    await alice.shown(1);
    assert.equal(bob.home.store.outbox.counts({ room: roomOf(bob) }).queued, 1);
    await bob.messenger.settleRoom(roomOf(bob));
    assert.deepEqual(await carol.shown(1), ['queued before']);
  });

  test('a fork keeps nobody in a room', async (t) => {
    const { bob, carol } = await forkedByAlice(t);
    await bob.until('fork', (event) => event.alarm);
    await bob.messenger.leaveRoom(roomOf(bob));
    assert.equal(inRoom(bob).view.room?.standing, 'left');
    await assert.rejects(bob.messenger.settleRoom(roomOf(bob)), { code: 'not-in-room' });
    // His word comes to the others, and whoever sends next leaves him out.
    while (recordOf(carol).leaves.length === 0) await new Promise(setImmediate);
    inRoom(carol).post(['without bob']);
    const left = await bob.until('room', ({ change }) => change === 'leave');
    assert.deepEqual(left.members, ['me']);
    assert.equal(newestEpoch(recordOf(carol)).file.members.length, 2);
    assert.deepEqual(bob.texts, []);
  });

  test('two admins at one moment: both are told which change lasts, and the other is made again', async (t) => {
    const { alice, bob, carol } = await roomOfThree(t);
    await alice.messenger.setRole(roomOf(alice), who(bob), 'admin');
    for (const one of [bob, carol]) await one.until('room', ({ change }) => change === 'role');
    alice.line.down();
    await alice.messenger.renameRoom(roomOf(alice), 'coffee');
    await bob.messenger.remove(roomOf(bob), who(carol));
    await alice.connect();
    for (const one of [alice, bob]) {
      const fork = await one.until('fork');
      assert.equal(fork.alarm, false);
    }
    for (const one of [alice, bob]) {
      while (inRoom(one).view.room?.members.length !== 2 || inRoom(one).view.room?.name !== 'coffee') {
        await new Promise(setImmediate);
      }
      assert.equal(inRoom(one).view.room?.standing, 'member');
    }
    inRoom(alice).post(['one room again']);
    assert.deepEqual(await bob.shown(1), ['one room again']);
    assert.deepEqual(carol.texts, []);
  });

  test('who was taken out a day ago and would undo it is told of once, and nothing comes of it', async (t) => {
    const { alice, bob, carol, clock } = await roomOfThree(t);
    await alice.messenger.setRole(roomOf(alice), who(carol), 'admin');
    for (const one of [bob, carol]) await one.until('room', ({ change }) => change === 'role');
    // Of two who remove each other a hash decides: carol's must be the one that would last, were it not for the day.
    for (let number = 1; !wouldLast(carol, alice); number++) {
      const name = `tea ${String(number)}`;
      await alice.messenger.renameRoom(roomOf(alice), name);
      for (const one of [bob, carol]) await one.until('room', ({ room }) => room.name === name);
    }
    const from = recordOf(carol);
    // A removal beside a new name wins, whatever the authors' hashes.
    await alice.messenger.renameRoom(roomOf(alice), 'coffee');
    for (const one of [bob, carol]) await one.until('room', ({ change }) => change === 'name');
    await alice.messenger.remove(roomOf(alice), who(carol));
    for (const one of [bob, carol]) await one.until('room', ({ change }) => change === 'remove');
    clock.time += DAY + 1;
    const alone = { account: alice.account, device: alice.home.device.bundle.device };
    await lie(carol, { from, to: bob, change: { change: 'remove', members: [alone] } });
    const refused = await bob.until('fork');
    assert.ok(!refused.alarm);
    assert.match(refused.sentence, /tried to undo what stands for a day: nothing came of it/u);
    await lie(carol, { from, to: bob, change: { change: 'remove', members: [alone] } });
    inRoom(alice).post(['as before']);
    assert.deepEqual(await bob.shown(1), ['as before']);
    assert.equal(bob.events.filter(({ kind }) => kind === 'fork').length, 1);
    assert.equal(inRoom(bob).view.room?.standing, 'member');
  });
});
