import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { utf8 } from '../src/bytes.ts';
import { joinRoom } from '../src/conversation/begin-room.ts';
import { RoomConversation } from '../src/conversation/room-conversation.ts';
import type { MadeItems } from '../src/conversation/room-flight.ts';
import { newestEpoch, type RoomRecord } from '../src/conversation/room-record.ts';
import type { Party } from '../src/envelope/message-statement.ts';
import { signStatement } from '../src/keys/profile.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { encodeMemberFile } from '../src/rooms/member-file.ts';
import { sameParty } from '../src/rooms/party.ts';
import { encodeLeaveItem, encodeRoomItem } from '../src/rooms/room-item.ts';
import { encodeLeaveStatement, encodeRoomStatement } from '../src/rooms/room-statement.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { bodyFor, certificates, Inside, memberIn, partyOf, roomOf, three } from './fixtures/rooms.ts';

suite('taking a state (§10.2)', () => {
  test('one whose state before has not come changes nothing, and is good once that has', async () => {
    const { a, b } = await three();
    const two = await a.change({ change: 'fresh' });
    const three_ = await a.change({ change: 'name', name: 'drei' });
    const before = b.written;
    await assert.rejects(b.take(three_), fails('room', 'known'));
    assert.equal(b.written, before);
    await b.take(two);
    assert.equal((await b.take(three_)).place, 'newest');
    assert.equal(newestEpoch(b.room.state).says.name, 'drei');
    assert.deepEqual([(await b.take(two)).place, (await b.take(two)).held], ['earlier', true]);
  });

  test('nobody outside the room hands one on', async () => {
    const { a, b } = await three();
    const made = await a.change({ change: 'add', members: [memberIn(aliceSecond, 'member')] });
    const told = a.room.answer({ room: made.state.says.room, sid: made.state.state.slice(0, 16) }, partyOf(bob));
    await a.room.forgetSecret(made.state.state);
    const bare = a.room.answer({ room: made.state.says.room, sid: made.state.state.slice(0, 16) }, partyOf(bob));
    assert.notDeepEqual(told, bare);
    const take = (from: Party) => b.room.take({ body: bare?.item.body ?? assert.fail(), from, now: NOW });
    await assert.rejects(take({ account: new Uint8Array(32), device: bob.bundle.device }), fails('room', 'by'));
    const later = b.from(b.room.state);
    assert.equal((await take(partyOf(aliceSecond))).place, 'newest');
    const unknown = await a.change({ change: 'fresh' });
    const stranger = { account: new Uint8Array(32), device: bob.bundle.device };
    const { statement, signature, file } = unknown.state;
    const body = encodeRoomItem({ statement, signature, file: file.bytes, secret: undefined, leaves: [] });
    await assert.rejects(later.take({ body, from: stranger, now: NOW }), fails('room', 'by'));
    await assert.rejects(later.take({ body, from: partyOf(alice), now: NOW }), fails('room', 'known'));
    assert.equal(
      a.room.answer({ room: new Uint8Array(32), sid: made.state.state.slice(0, 16) }, partyOf(bob)),
      undefined,
    );
    assert.equal(a.room.answer({ room: made.state.says.room, sid: new Uint8Array(16) }, partyOf(bob)), undefined);
  });

  test('M7 whoever carries the states cannot add a member: each is signed, by an admin of the one before, in its place', async () => {
    const { a, b } = await three();
    const { state } = await a.change({ change: 'add', members: [memberIn(aliceSecond, 'member')] });
    const forge = async (change: Partial<typeof state.says>, signer: typeof alice) => {
      const statement = encodeRoomStatement({ ...state.says, ...change });
      const signature = await signStatement(p, signer.signKey, statement);
      const body = encodeRoomItem({ statement, signature, file: state.file.bytes, secret: undefined, leaves: [] });
      return b.room.take({ body, from: partyOf(carol), now: NOW });
    };
    const before = b.written;
    await assert.rejects(forge({}, aliceSecond), fails('room', 'signature'));
    await assert.rejects(forge({ by: partyOf(aliceSecond) }, aliceSecond), fails('room', 'change'));
    await assert.rejects(forge({ by: partyOf(carol) }, carol), fails('room', 'change'));
    await assert.rejects(forge({ prev: new Uint8Array(32) }, alice), fails('room', 'known'));
    assert.equal(b.written, before);
    assert.equal((await forge({}, alice)).place, 'newest');
  });

  test('a second beginning is a fork of its maker, and one that is put before what is held is no beginning', async () => {
    const { a, b, made } = await three();
    const file = encodeMemberFile(p, [memberIn(alice, 'admin'), memberIn(bob, 'member')]);
    const statement = encodeRoomStatement({ ...made.state.says, members: file.hash, count: 2 });
    const signature = await signStatement(p, alice.signKey, statement);
    const body = encodeRoomItem({ statement, signature, file: file.bytes, secret: undefined, leaves: [] });
    await b.take(await a.change({ change: 'fresh' }));
    await assert.rejects(b.room.take({ body, from: partyOf(alice), now: NOW }), fails('room', 'fork'));
    assert.equal(b.room.state.alarm?.settled, false);
    const { epochs } = b.room.state;
    const later = b.from({ ...b.room.state, epochs: epochs.filter(({ says }) => says.epoch > 1) });
    await assert.rejects(later.take({ body, from: partyOf(alice), now: NOW }), fails('room', 'known'));
  });

  test('a device that a state leaves out may hand it on; who was left out does not join an older one', async () => {
    const { a, b, c, made } = await three();
    const removed = await a.change({ change: 'remove', members: [partyOf(carol)] });
    const bare = { body: bodyFor(removed.items, carol), now: NOW };
    await c.take(removed);
    assert.equal((await b.room.take({ ...bare, from: partyOf(carol) })).place, 'newest');
    const state = { ...c.room.state, epochs: c.room.state.epochs.filter(({ says }) => says.epoch === 2) };
    const came = { body: bodyFor(made.items, carol), from: partyOf(alice), now: NOW };
    await assert.rejects(c.from(state).take(came), fails('room', 'epoch'));
    // Nor one of the very epoch in which it was left out, which cannot be behind that.
    const file = encodeMemberFile(p, [memberIn(alice, 'admin'), memberIn(carol, 'member')]);
    const addition = async (epoch: number) => {
      const says = { ...removed.state.says, epoch, prev: new Uint8Array(32), change: 'add' as const };
      const statement = encodeRoomStatement({ ...says, members: file.hash, count: 2 });
      const signature = await signStatement(p, alice.signKey, statement);
      const body = encodeRoomItem({ statement, signature, file: file.bytes, secret: undefined, leaves: [] });
      return c.from(state).take({ body, from: partyOf(alice), now: NOW });
    };
    await assert.rejects(addition(2), fails('room', 'epoch'));
    assert.equal((await addition(3)).held, false);
  });

  test('a state of another room is refused in this one', async () => {
    const { b } = await three();
    const other = await roomOf(bob, carol);
    const before = b.written;
    await assert.rejects(b.take(other.made), fails('room', 'room id'));
    assert.equal(b.written, before);
  });

  test('while the bundle of a signer is still to be fetched, nothing changes, and the item is good later', async () => {
    const { a, b, c } = await three();
    const blind = (without: Party): RoomConversation =>
      new RoomConversation(p, {
        device: bob,
        state: b.room.state,
        certificates: (party) => (sameParty(party, without) ? [] : certificates(party)),
      });
    const items = await c.room.leave(NOW);
    await assert.rejects(blind(carol.bundle).takeLeave(bodyFor(items, bob), NOW), fails('room', 'bundle'));
    await a.room.takeLeave(bodyFor(items, alice), NOW);
    const made = await a.change(a.room.changeDue(NOW) ?? assert.fail());
    const came = { body: bodyFor(made.items, bob), from: partyOf(alice), now: NOW };
    await assert.rejects(blind(alice.bundle).take(came), fails('room', 'bundle'));
    await assert.rejects(blind(carol.bundle).take(came), fails('room', 'bundle'));
    assert.equal((await blind(aliceSecond.bundle).take(came)).place, 'newest');
  });

  test('what was judged once is not judged again, even where nobody could', async () => {
    const { a, b } = await three();
    const made = await a.change({ change: 'fresh' });
    await b.take(made);
    const blind = new RoomConversation(p, { device: bob, state: b.room.state, certificates: () => [] });
    const came = { body: bodyFor(made.items, bob), from: partyOf(alice), now: NOW };
    const { held, place } = await blind.take(came);
    assert.deepEqual([held, place], [true, 'newest']);
  });

  test('who is new takes the state that adds him, from the admin who made it, and no other', async () => {
    const { a, others } = await roomOf(bob);
    const [b] = others as [Inside];
    const role = await a.change({ change: 'role', members: [memberIn(bob, 'admin')] });
    await b.take(role);
    const join = (made: MadeItems, from: Party): Promise<RoomRecord> => {
      const body = made.items.find(({ to }) => sameParty(to, carol.bundle))?.item.body ?? bodyFor(made.items, bob);
      return joinRoom(p, { device: carol, certificates }, { body, from, now: NOW });
    };
    await assert.rejects(join(role, partyOf(alice)), fails('room', 'known'));
    const added = await a.change({ change: 'add', members: [memberIn(carol, 'member')] });
    await assert.rejects(join(added, partyOf(bob)), fails('room', 'by'));
    const passed = a.room.answer(
      { room: a.room.state.room, sid: added.state.state.slice(0, 16) },
      partyOf(aliceSecond),
    );
    assert.equal(passed, undefined);
    await b.take(added);
    const later = await b.change({ change: 'name', name: 'sp\u00e4ter' });
    await assert.rejects(join(later, partyOf(bob)), fails('room', 'known'));
    const record = await join(added, partyOf(alice));
    assert.equal(record.epochs.length, 1);
    const c = new Inside(carol, record);
    assert.equal((await c.take(later)).place, 'newest');
  });

  test('an add by somebody who is no admin in it is refused, and one that does not add the reader', async () => {
    const { a } = await roomOf(bob);
    const { epochs } = a.room.state;
    const says = epochs[0]?.says ?? assert.fail();
    const send = async (members: Parameters<typeof encodeMemberFile>[1], by: typeof alice) => {
      const file = encodeMemberFile(p, members);
      const made = {
        ...says,
        epoch: 7,
        by: partyOf(by),
        change: 'add' as const,
        members: file.hash,
        count: members.length,
      };
      const statement = encodeRoomStatement(made);
      const signature = await signStatement(p, by.signKey, statement);
      const body = encodeRoomItem({ statement, signature, file: file.bytes, secret: undefined, leaves: [] });
      return joinRoom(p, { device: carol, certificates }, { body, from: partyOf(by), now: NOW });
    };
    const three_ = [memberIn(alice, 'admin'), memberIn(bob, 'member'), memberIn(carol, 'member')];
    await assert.rejects(send(three_, bob), fails('room', 'change'));
    await assert.rejects(send(three_, aliceSecond), fails('room', 'change'));
    await assert.rejects(send(three_.slice(0, 2), alice), fails('room', 'known'));
    assert.equal((await send(three_, alice)).epochs[0]?.says.epoch, 7);
  });

  test('who was removed joins anew with the state that adds him, and not with an older one', async () => {
    const { a, b, c } = await three();
    const old = await a.say('before the removal');
    await c.open(old);
    const made = await a.change({ change: 'remove', members: [partyOf(carol)] });
    for (const side of [b, c]) await side.take(made);
    await b.take(await a.change({ change: 'fresh' }));
    const fresh = await a.change({ change: 'name', name: 'ohne' });
    await b.take(fresh);
    const came = { body: bodyFor(fresh.items, bob), from: partyOf(alice), now: NOW };
    await assert.rejects(c.room.take(came), fails('room', 'known'));
    const back = await a.change({ change: 'add', members: [memberIn(carol, 'member')] });
    await b.take(back);
    const taken = await c.take(back);
    assert.deepEqual([taken.place, taken.again, taken.state.says.epoch], ['newest', [], 5]);
    const flight = await c.open(await a.say('welcome back'));
    assert.deepEqual([flight.gap, flight.seq], [0, 2]);
    assert.equal((await b.open(await c.say('thanks'))).epoch, 5);
  });
});

suite('a leave statement (§10.1)', () => {
  test('counts for this room, for a member, with his signature', async () => {
    const { b, made } = await three();
    const { room } = made.state.says;
    const item = async (says: {
      room?: Uint8Array<ArrayBuffer>;
      by?: typeof carol;
      key?: typeof carol;
      made?: number;
    }) => {
      const { by = carol, key = by } = says;
      const statement = encodeLeaveStatement({ room: says.room ?? room, by: partyOf(by), made: says.made ?? NOW });
      return encodeLeaveItem({ statement, signature: await signStatement(p, key.signKey, statement) });
    };
    const take = async (body: Uint8Array | Promise<Uint8Array>) => b.room.takeLeave(await body, NOW);
    const before = b.written;
    await assert.rejects(take(new Uint8Array([0x80])), fails('room', 'shape'));
    await assert.rejects(
      take(encodeLeaveItem({ statement: utf8('x'), signature: new Uint8Array(256) })),
      fails('room', 'grammar'),
    );
    await assert.rejects(take(item({ room: new Uint8Array(32) })), fails('room', 'room id'));
    await assert.rejects(take(item({ by: aliceSecond })), fails('room', 'by'));
    await assert.rejects(take(item({ key: bob })), fails('room', 'signature'));
    await assert.rejects(take(item({ made: 1 })), fails('room', 'signature'));
    assert.equal(b.written, before);
    await take(item({}));
    await take(item({ made: NOW + 1 }));
    assert.equal(b.room.state.leaves.length, 1);
  });

  test('does not reach beyond the state that last added its maker', async () => {
    const { a, b, c } = await three();
    const LATER = NOW + 1000;
    const old = await c.room.leave(NOW);
    const oldest = c.room.state;
    const removed = await a.change({ change: 'remove', members: [partyOf(carol)] });
    for (const side of [b, c]) await side.take(removed);
    const back = await a.change({ change: 'add', members: [memberIn(carol, 'member')] }, LATER);
    for (const side of [b, c]) await side.take(back);
    assert.equal(c.room.state.leaves.length, 0);
    const before = b.written;
    await assert.rejects(b.room.takeLeave(bodyFor(old, bob), LATER), fails('room', 'leaves'));
    assert.equal(b.written, before);
    // A member who leaves that check out makes the state all the same, and nobody takes it.
    const forged = new Inside(bob, { ...b.room.state, leaves: oldest.leaves });
    const made = await forged.change({ change: 'leave', members: [partyOf(carol)] }, LATER);
    await assert.rejects(a.take(made), fails('room', 'leaves'));
    await assert.rejects(c.take(made), fails('room', 'leaves'));
    // One of that very time counts; a leaver whose clock is behind signs for it.
    const fresh = await c.room.leave(NOW);
    await b.room.takeLeave(bodyFor(fresh, bob), LATER);
    const left = await b.change(b.room.changeDue(LATER) ?? assert.fail(), LATER);
    assert.equal((await a.take(left)).place, 'newest');
  });

  test('from before the room was made says nothing in it', async () => {
    const { b, made } = await three();
    const statement = encodeLeaveStatement({ room: made.state.says.room, by: partyOf(carol), made: NOW - 1 });
    const body = encodeLeaveItem({ statement, signature: await signStatement(p, carol.signKey, statement) });
    await assert.rejects(b.room.takeLeave(body, NOW), fails('room', 'leaves'));
  });
});
