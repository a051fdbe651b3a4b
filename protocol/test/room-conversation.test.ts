import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createRoom } from '../src/conversation/begin-room.ts';
import { RoomConversation } from '../src/conversation/room-conversation.ts';
import { newestEpoch } from '../src/conversation/room-record.ts';
import { decodeEnvelope } from '../src/envelope/envelope.ts';
import { gotOf } from '../src/envelope/received-chain.ts';
import { renewDevice } from '../src/keys/device.ts';
import { DAY, MAX_BODY, ROOM_EPOCH_LIFE, ROOM_EPOCH_MESSAGES } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { sameParty } from '../src/rooms/party.ts';
import { decodeRoomQuestion } from '../src/rooms/room-control.ts';
import { decodeRoomItem } from '../src/rooms/room-item.ts';
import { fails, textItem, texts } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, bobAccount, carol, NOW } from './fixtures/devices.ts';
import { bodyFor, certificates, copyFor, Inside, joined, memberIn, partyOf, roomOf, three } from './fixtures/rooms.ts';

suite('a room (§10)', () => {
  test('is made by one device and joined by the others, and everybody reads everybody', async () => {
    const { a, b, c } = await three();
    assert.deepEqual(
      [a, b, c].map(({ room }) => newestEpoch(room.state).says.name),
      ['Gruppe', 'Gruppe', 'Gruppe'],
    );
    const hello = await a.say('hello');
    assert.equal(hello.copies.length, 2);
    const atBob = await b.open(hello);
    assert.deepEqual([texts(atBob), atBob.seq, atBob.gap, atBob.epoch], [['hello'], 1, 0, 1]);
    assert.deepEqual(atBob.author, partyOf(alice));
    assert.deepEqual([atBob.late, atBob.writtenBefore, atBob.lost, atBob.proof.length], [false, false, false, 6]);
    assert.deepEqual(texts(await c.open(hello)), ['hello']);
    assert.deepEqual((await c.open(await b.say('from bob'))).author, partyOf(bob));
    assert.deepEqual(texts(await a.open(await c.say('from carol'))), ['from carol']);
  });

  test('one ciphertext and one signature: copies have the same fields but for wrap and tag', async () => {
    const { a, b, c } = await three();
    const sealed = await a.say('x');
    const [one, two] = [bob, carol].map((device) => decodeEnvelope(copyFor(sealed, device)));
    assert.deepEqual([one?.hdr, one?.iv, one?.ct, one?.kc], [two?.hdr, two?.iv, two?.ct, two?.kc]);
    assert.notDeepEqual(one?.wrap, two?.wrap);
    assert.notDeepEqual(one?.tag, two?.tag);
    await assert.rejects(b.room.open(copyFor(sealed, carol), NOW), fails('envelope-3', 'unwrap'));
    assert.deepEqual((await b.open(sealed)).signature, (await c.open(sealed)).signature);
  });

  test('goes on after a restart, at every place', async () => {
    const { a, b, c } = await three();
    const [one, two, three_] = [await a.say('1'), await a.say('2'), await a.say('3')];
    await b.open(two);
    for (const side of [a, b, c]) side.restart();
    assert.deepEqual((await b.open(one)).late, true);
    assert.deepEqual((await b.open(three_)).gap, 0);
    const four = await a.say('4');
    assert.equal(four.seq, 4);
    assert.deepEqual(texts(await b.open(four)), ['4']);
    const before = c.written;
    c.restart();
    assert.equal(c.written, before);
  });

  test('an add: who joins reads what is written from then on, and nothing before', async () => {
    const { a, others } = await roomOf(bob);
    const [b] = others as [Inside];
    const old = await a.say('before carol');
    await b.open(old);
    const made = await a.change({ change: 'add', members: [memberIn(carol, 'member')] });
    assert.equal((await b.take(made)).place, 'newest');
    const c = await joined(carol, made);
    const sealed = await a.say('with carol');
    for (const side of [b, c]) assert.deepEqual(texts(await side.open(sealed)), ['with carol']);
    assert.equal((await c.open(await b.say('from bob'))).gap, 0);
    assert.throws(() => copyFor(old, carol));
    assert.equal(c.room.state.epochs.length, 1);
    // A copy of the old epoch, if anybody made one for carol, has no state that she holds.
    await assert.rejects(c.room.open(copyFor(old, bob), NOW), fails('envelope-0', 'sid'));
  });

  test('a removal: who is removed is told without the secret, and cannot open what follows', async () => {
    const { a, b, c } = await three();
    const before = await c.say('carol, still in');
    const made = await a.change({ change: 'remove', members: [partyOf(carol)] });
    assert.equal(decodeRoomItem(bodyFor(made.items, carol)).secret, undefined);
    assert.ok(decodeRoomItem(bodyFor(made.items, bob)).secret);
    await b.take(made);
    await c.take(made);
    const sealed = await a.say('without carol');
    assert.equal(sealed.copies.length, 1);
    assert.deepEqual(texts(await b.open(sealed)), ['without carol']);
    await assert.rejects(c.room.open(copyFor(sealed, bob), NOW), fails('envelope-0', 'sid'));
    await assert.rejects(c.say('x'), fails('room', 'member'));
    // What she wrote before is refused once the removal is known: else she could write with an old date for good.
    const written = b.written;
    await assert.rejects(b.open(before), fails('envelope-4', 'removed'));
    assert.equal(b.written, written);
  });

  test('a message of an earlier epoch is shown as written before the list changed', async () => {
    const { a, b, c } = await three();
    const late = await b.say('before');
    const made = await a.change({ change: 'remove', members: [partyOf(carol)] });
    assert.deepEqual([(await a.open(late)).writtenBefore, (await b.take(made)).place], [true, 'newest']);
    const fresh = await b.change({ change: 'fresh' });
    await a.take(fresh);
    const { writtenBefore, epoch } = await b.open(await a.say('after'));
    assert.deepEqual([writtenBefore, epoch, newestEpoch(c.room.state).says.epoch], [false, 3, 1]);
  });

  test('who leaves signs it, and whoever sends next makes the state', async () => {
    const { a, b, c } = await three();
    const items = await c.room.leave(NOW);
    assert.deepEqual(
      items.map(({ item }) => item.type),
      ['application/waxwing-room-leave', 'application/waxwing-room-leave'],
    );
    for (const side of [a, b]) await side.room.takeLeave(bodyFor(items, side.device), NOW);
    assert.equal(c.room.changeDue(NOW), undefined);
    b.restart();
    const due = b.room.changeDue(NOW);
    assert.deepEqual(due, { change: 'leave', members: [memberIn(carol, 'member')] });
    const made = await b.change(due);
    assert.equal(made.state.leaves.length, 1);
    assert.equal((await a.take(made)).place, 'newest');
    assert.equal((await c.take(made)).place, 'newest');
    for (const side of [a, b]) assert.equal(side.room.changeDue(NOW), undefined);
    assert.equal((await a.say('x')).copies.length, 1);
    await assert.rejects(a.room.takeLeave(bodyFor(items, alice), NOW), fails('room', 'by'));
  });

  test('the last admin names another first', async () => {
    const { a, b } = await three();
    await assert.rejects(a.room.leave(NOW), fails('room', 'change'));
    await b.take(await a.change({ change: 'role', members: [memberIn(bob, 'admin')] }));
    assert.equal((await a.room.leave(NOW)).length, 2);
    const alone = new Inside(alice, (await createRoom(p, alice, { name: 'alone', members: [], now: NOW })).record);
    assert.deepEqual(await alone.room.leave(NOW), []);
  });

  test('two admins that leave at once do not leave the room without one', async () => {
    const { a, b, c } = await three();
    const role = await a.change({ change: 'role', members: [memberIn(bob, 'admin')] });
    for (const side of [b, c]) await side.take(role);
    for (const side of [a, b]) {
      await c.room.takeLeave(bodyFor(await side.room.leave(NOW), carol), NOW);
    }
    assert.deepEqual(c.room.changeDue(NOW), { change: 'leave', members: [memberIn(alice, 'admin')] });
  });

  test('an old secret, or one of many messages, is due to be made anew', async () => {
    const { a } = await three();
    assert.equal(a.room.changeDue(NOW + ROOM_EPOCH_LIFE - 1), undefined);
    assert.deepEqual(a.room.changeDue(NOW + ROOM_EPOCH_LIFE), { change: 'fresh' });
    const { epochs } = a.room.state;
    const said = (n: number) =>
      a.from({
        ...a.room.state,
        epochs: epochs.map((one) => ({
          ...one,
          chains: one.chains.map((chain, at) => ({ ...chain, n: at === 0 ? n : 1 })),
        })),
      });
    assert.equal(said(ROOM_EPOCH_MESSAGES - 3).changeDue(NOW), undefined);
    assert.deepEqual(said(ROOM_EPOCH_MESSAGES - 2).changeDue(NOW), { change: 'fresh' });
  });

  test('what comes before its state is held, asked for, and opened with it', async () => {
    const { a, b } = await three();
    const made = await a.change({ change: 'fresh' });
    const [one, two] = [await a.say('one'), await a.say('two')];
    await assert.rejects(b.open(one), fails('envelope-0', 'sid'));
    const { question, of } = await b.room.hold(copyFor(one, bob), NOW);
    await b.room.hold(copyFor(two, bob), NOW);
    await b.room.hold(copyFor(one, bob), NOW);
    assert.equal(b.room.state.held.length, 2);
    assert.deepEqual(of, [partyOf(alice), partyOf(carol)]);
    b.restart();
    const asked = decodeRoomQuestion(question);
    const answer = asked && a.room.answer(asked, partyOf(bob));
    assert.deepEqual(answer?.item.body, bodyFor(made.items, bob));
    const taken = await b.room.take({ body: answer.item.body, from: partyOf(alice), now: NOW });
    assert.deepEqual(taken.opened.flatMap(texts), ['one', 'two']);
    assert.deepEqual([taken.refused, b.room.state.held], [[], []]);
  });

  test('a state may be passed on, but its secret comes from its maker alone', async () => {
    const { a, b, c } = await three();
    const made = await a.change({ change: 'fresh' });
    const sealed = await a.say('x');
    await c.take(made);
    const asked = { room: made.state.says.room, sid: made.state.state.slice(0, 16) };
    const passed = c.room.answer(asked, partyOf(bob))?.item.body ?? new Uint8Array(0);
    assert.equal(decodeRoomItem(passed).secret, undefined);
    assert.equal((await b.room.take({ body: passed, from: partyOf(carol), now: NOW })).place, 'newest');
    await assert.rejects(b.open(sealed), fails('envelope-0', 'sid'));
    await b.room.hold(copyFor(sealed, bob), NOW);
    await assert.rejects(b.say('x'), fails('room', 'secret'));
    const stolen = { body: bodyFor(made.items, bob), from: partyOf(carol), now: NOW };
    await assert.rejects(b.room.take(stolen), fails('room', 'by'));
    const taken = await b.take(made);
    assert.deepEqual([taken.held, taken.opened.flatMap(texts)], [true, ['x']]);
    assert.equal((await b.take(made)).held, true);
    assert.equal(a.room.answer(asked, partyOf(aliceSecond)), undefined);
    await a.room.forgetSecret(made.state.state);
    const later = a.room.answer(asked, partyOf(bob))?.item.body ?? new Uint8Array(0);
    assert.equal(decodeRoomItem(later).secret, undefined);
  });

  test('authors are told what came, at most once a minute', async () => {
    const { a, b } = await three();
    const [, two] = [await a.say('1'), await a.say('2')];
    await b.open(two);
    const [got] = await b.room.gots(NOW);
    assert.deepEqual(got?.to, partyOf(alice));
    assert.deepEqual(got.entry, ['room-got', b.room.state.room, 2, [[1, 1]]]);
    await b.open(await a.say('3'));
    assert.deepEqual(await b.room.gots(NOW + 59_999), []);
    assert.equal((await b.room.gots(NOW + 60_000)).length, 1);
    assert.deepEqual(await b.room.gots(NOW + 120_000), []);
    assert.deepEqual(gotOf(b.room.state.authors[0]?.received ?? assert.fail()), { last: 3, ranges: [[1, 1]] });
  });

  test('nothing is sealed over a limit, and nothing has changed then', async () => {
    const { a, b } = await three();
    const before = a.written;
    const wide = { type: 'a/b', body: new Uint8Array(MAX_BODY) };
    const ctl = Array.from({ length: 14 }, () => ['x', new Uint8Array(4000)] as const);
    await assert.rejects(a.room.seal({ items: [wide], ctl, now: NOW }), fails('limit', 'outer'));
    await assert.rejects(a.room.seal({ items: [], now: NOW }), fails('limit', 'items'));
    await assert.rejects(a.room.seal({ items: [textItem('x')], now: -1 }), fails('limit', 'sent'));
    assert.equal(a.written, before);
    const wish = await a.room.seal({ items: [wide], ctl: [['nick', 'a']], now: NOW, ttl: 3600 });
    const flight = await b.open(wish, NOW + 200 * DAY);
    assert.deepEqual([flight.ttl, flight.age, flight.ctl], [3600, 200 * DAY, [['nick', 'a']]]);
  });

  test('a member whose bundle is not known gets no copy, and what it writes waits for the bundle', async () => {
    const { a, b, c } = await three();
    const known = new Set<string>();
    const room = new RoomConversation(p, {
      device: alice,
      state: a.room.state,
      certificates: (party) => (sameParty(party, carol.bundle) && !known.has('carol') ? [] : certificates(party)),
    });
    const sealed = await room.seal({ items: [textItem('x')], now: NOW });
    assert.deepEqual([sealed.copies.map(({ to }) => to), sealed.without], [[partyOf(bob)], [partyOf(carol)]]);
    const copy = copyFor(await c.say('from carol'), alice);
    await assert.rejects(room.open(copy, NOW), fails('room', 'bundle'));
    await room.hold(copy, NOW);
    assert.deepEqual((await room.openHeld(NOW)).opened, []);
    known.add('carol');
    assert.deepEqual((await room.openHeld(NOW)).opened.flatMap(texts), ['from carol']);
    assert.deepEqual(room.state.held, []);
    assert.deepEqual(texts(await b.open(sealed)), ['x']);
  });

  test('a certificate counts at the time of sending', async () => {
    const { a, b } = await three();
    const renewed = await renewDevice(p, {
      account: bobAccount,
      device: bob,
      now: NOW + 200 * DAY,
      newDeviceId: false,
      rotateWrapKey: true,
    });
    const end = bob.bundle.certificate.notAfter;
    await a.open(await b.say('on its last day', end), end);
    await assert.rejects(a.open(await b.say('past it', end + 1), end), fails('envelope-5', 'certificate'));
    const old = await a.say('wrapped for the key before');
    assert.deepEqual(texts(await b.from(b.room.state, renewed).open(copyFor(old, bob), NOW)), [
      'wrapped for the key before',
    ]);
  });
});
