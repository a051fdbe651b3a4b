import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, equalBytes, toHex } from '../src/bytes.ts';
import { newestEpoch } from '../src/conversation/room-record.ts';
import type { Device } from '../src/keys/device.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { forkHash, lasts, newestOf, winsOver } from '../src/rooms/fork.ts';
import type { RoomState } from '../src/rooms/room-state.ts';
import type { ChangeKind } from '../src/rooms/room-statement.ts';
import { fails, texts } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { bodyFor, copyFor, type Inside, memberIn, partyOf, roomOf, stateOf, three } from './fixtures/rooms.ts';

/** Alice and bob are admins, carol is a member. */
async function twoAdmins(): Promise<{ a: Inside; b: Inside; c: Inside }> {
  const { a, b, c } = await three();
  const made = await a.change({ change: 'role', members: [memberIn(bob, 'admin')] });
  for (const side of [b, c]) await side.take(made);
  return { a, b, c };
}

const newestOn = (side: Inside): string => toHex(side.room.state.newest);

suite('a fork (§10.5)', () => {
  test('a removal wins over another change, whichever came first, and whatever grew on the other', async () => {
    const { a, b, c } = await twoAdmins();
    const named = await a.change({ change: 'name', name: 'Ast' });
    const removed = await b.change({ change: 'remove', members: [partyOf(carol)] });
    const said = await a.say('on the branch that does not last');
    const grown = await a.change({ change: 'fresh' });
    assert.equal((await c.take(named)).place, 'newest');
    assert.equal((await c.take(grown)).place, 'newest');
    assert.equal((await c.open(said)).lost, false);
    const atCarol = await c.take(removed);
    assert.equal(atCarol.place, 'newest');
    const atAlice = await a.take(removed);
    assert.deepEqual(
      [atAlice.place, atAlice.again],
      ['newest', [{ change: 'name', name: 'Ast' }, { change: 'fresh' }]],
    );
    const atBob = await b.take(named);
    assert.deepEqual([atBob.place, atBob.again], ['lost', []]);
    assert.equal((await b.open(said)).lost, true);
    assert.equal((await b.take(grown)).place, 'lost');
    assert.deepEqual([newestOn(a), newestOn(c)], [newestOn(b), newestOn(b)]);
    // The loser makes his change again, on what won.
    const again = await a.change({ change: 'name', name: 'Ast' });
    assert.equal((await b.take(again)).place, 'newest');
    assert.equal(newestEpoch(b.room.state).says.name, 'Ast');
  });

  test('of two changes that take nobody away both sides follow the same one', async () => {
    const { a, b, c } = await twoAdmins();
    const [one, two] = [await a.change({ change: 'fresh' }), await b.change({ change: 'name', name: 'B' })];
    await a.take(two);
    await b.take(one);
    await c.take(one);
    await c.take(two);
    assert.deepEqual([newestOn(a), newestOn(c)], [newestOn(b), newestOn(b)]);
    const sealed = await a.say('to everybody');
    for (const side of [b, c]) assert.deepEqual(texts(await side.open(sealed)), ['to everybody']);
  });

  test('of two removals the one that removes the other’s author wins', async () => {
    const { a, b, c } = await twoAdmins();
    const [one, two] = [
      await a.change({ change: 'remove', members: [partyOf(bob)] }),
      await b.change({ change: 'remove', members: [partyOf(carol)] }),
    ];
    assert.equal((await b.take(one)).place, 'newest');
    assert.deepEqual((await a.take(two)).place, 'lost');
    assert.equal((await c.take(two)).place, 'newest');
    assert.equal((await c.take(one)).place, 'newest');
    assert.deepEqual([newestOn(b), newestOn(c)], [newestOn(a), newestOn(a)]);
  });

  test('admins that remove each other: everybody decides alike', async () => {
    const { a, b, c } = await twoAdmins();
    const [one, two] = [
      await a.change({ change: 'remove', members: [partyOf(bob)] }),
      await b.change({ change: 'remove', members: [partyOf(alice)] }),
    ];
    await a.take(two);
    await b.take(one);
    await c.take(two);
    await c.take(one);
    assert.deepEqual([newestOn(a), newestOn(b)], [newestOn(c), newestOn(c)]);
  });

  test('a leaving that did not last is due again', async () => {
    const { a, others } = await roomOf(bob, carol, aliceSecond);
    const [b, c] = others as [Inside, Inside];
    const role = await a.change({ change: 'role', members: [memberIn(bob, 'admin')] });
    await b.take(role);
    await c.take(role);
    const items = await c.room.leave(NOW);
    await a.room.takeLeave(bodyFor(items, alice), NOW);
    const left = await a.change(a.room.changeDue(NOW) ?? assert.fail());
    const removed = await b.change({ change: 'remove', members: [partyOf(alice)] });
    await b.take(left);
    assert.equal((await a.take(removed)).place, 'newest');
    assert.equal(a.room.state.leaves.length, 1);
    assert.deepEqual(b.room.changeDue(NOW), undefined); // the word itself went to everybody, and bob has not had it yet
    await b.room.takeLeave(bodyFor(items, bob), NOW);
    assert.deepEqual(b.room.changeDue(NOW), { change: 'leave', members: [memberIn(carol, 'member')] });
  });

  test('two states by one author in one place: an alarm, and nothing is sent until the user decides', async () => {
    const { a, b, c } = await three();
    const before = a.room.state;
    const one = await a.change({ change: 'fresh' });
    const two = await a.from(before).change({ change: 'remove', members: [partyOf(carol)] }, NOW);
    await b.take(one);
    await assert.rejects(b.take(two), fails('room', 'fork'));
    assert.equal(toHex(b.room.state.newest), toHex(one.state.state));
    b.restart();
    await assert.rejects(b.say('x'), fails('room', 'fork'));
    await assert.rejects(b.change({ change: 'fresh' }), fails('room', 'fork'));
    assert.equal((await b.from(b.room.state).leave(NOW)).length, 2); // nobody is kept in such a room
    assert.deepEqual(texts(await b.open(await a.say('still read'))), ['still read']);
    assert.deepEqual(b.room.state.alarm?.statement, two.state.statement);
    await b.room.settle();
    await assert.rejects(b.take(two), fails('room', 'fork'));
    assert.deepEqual((await b.say('decided')).copies.length, 2);
    // Carol had them the other way round.
    await c.take(two);
    await assert.rejects(c.take(one), fails('room', 'fork'));
  });

  test('a second beginning is such a fork; and who is in the room no more raises no alarm', async () => {
    const { a, b, c } = await three();
    const role = await a.change({ change: 'role', members: [memberIn(carol, 'admin')] });
    for (const side of [b, c]) await side.take(role);
    const place = c.room.state;
    const fresh = await c.change({ change: 'fresh' });
    for (const side of [a, b]) await side.take(fresh);
    const removed = await a.change({ change: 'remove', members: [partyOf(carol)] });
    await b.take(removed);
    const twin = await c.from(place).change({ change: 'name', name: 'C' }, NOW);
    const before = b.written;
    await assert.rejects(b.take(twin), fails('room', 'fork'));
    assert.equal(b.written, before);
    assert.equal((await b.say('goes on')).copies.length, 1);
  });

  test('what is sealed in a state that did not last still opens, for a member of the newest', async () => {
    const { a, b, c } = await twoAdmins();
    const named = await a.change({ change: 'name', name: 'Ast' });
    const said = await a.say('x');
    const removed = await b.change({ change: 'remove', members: [partyOf(aliceSecond), partyOf(carol)] });
    await b.take(named);
    await c.take(named);
    await c.take(removed);
    assert.equal((await b.room.open(copyFor(said, bob), NOW)).lost, true);
    assert.equal(newestEpoch(c.room.state).says.change, 'remove');
  });
});

suite('the rule for forks', () => {
  const root = stateOf({ prev: undefined, by: alice, change: 'create' });

  test('whatever the order in which the states came, the newest is the same, and one wins of each two', () => {
    const devices = [alice, bob, carol, aliceSecond];
    const change = fc.constantFrom<ChangeKind>('add', 'remove', 'leave', 'role', 'name', 'fresh');
    const one = fc.record({ change, without: fc.subarray(devices), grows: fc.nat(5), by: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 7 }), fc.nat(1000), (plans, turn) => {
        const states = [root];
        for (const { change: kind, without, grows, by } of plans) {
          const prev = states[grows % states.length] ?? root;
          const author = devices[by] ?? alice;
          const twin = states.some(
            ({ says }) => equalBytes(says.prev, prev.state) && equalBytes(says.by.device, author.bundle.device),
          );
          const takes = kind === 'remove' || kind === 'leave';
          if (!twin) states.push(stateOf({ prev, by: author, change: kind, without: takes ? without : [] }));
        }
        const turned = [...states.slice(turn % states.length), ...states.slice(0, turn % states.length)].toReversed();
        const newest = newestOf(p, states, root);
        assert.equal(newestOf(p, turned, root), newest);
        assert.equal(lasts(p, turned, newest), true);
        for (const a of states) {
          const rivals = states.filter((b) => b !== a && equalBytes(a.says.prev, b.says.prev));
          for (const b of rivals) assert.notEqual(winsOver(p, a, b), winsOver(p, b, a));
          const outlasting = rivals.filter((b) => lasts(p, states, b));
          if (lasts(p, states, a)) assert.deepEqual(outlasting, []);
        }
      }),
      { numRuns: 150 },
    );
  });

  /** The devices in the order of the hashes that decide behind `root`, the lowest first. */
  const [lowest, ...rest] = [alice, bob, carol, aliceSecond].toSorted((a, b) =>
    compareBytes(forkHash(p, root.state, a.bundle), forkHash(p, root.state, b.bundle)),
  ) as [Device, Device, Device, Device];

  test('the lower hash of the author wins where nothing else decides', () => {
    const [low, high] = [
      stateOf({ prev: root, by: lowest, change: 'name' }),
      stateOf({ prev: root, by: rest[0], change: 'fresh' }),
    ];
    assert.deepEqual([winsOver(p, low, high), winsOver(p, high, low)], [true, false]);
    // So between removals of which none, or each, removes the other's author.
    const removal = (by: Device, gone: Device): RoomState =>
      stateOf({ prev: root, by, change: 'remove', without: [gone] });
    assert.equal(winsOver(p, removal(lowest, rest[0]), removal(rest[0], lowest)), true);
    assert.equal(winsOver(p, removal(rest[0], rest[2]), removal(lowest, rest[2])), false);
    assert.equal(winsOver(p, removal(rest[0], lowest), removal(lowest, rest[2])), true);
  });

  test('three that remove each other’s authors in a ring: the lowest hash of their authors decides', () => {
    const [x, y, z] = rest;
    const ring = [
      stateOf({ prev: root, by: x, change: 'remove', without: [y] }),
      stateOf({ prev: root, by: y, change: 'remove', without: [z] }),
      stateOf({ prev: root, by: z, change: 'leave', without: [x] }),
    ] as const;
    const [one, two, three_] = ring;
    assert.deepEqual([winsOver(p, one, two), winsOver(p, two, three_), winsOver(p, three_, one)], [true, true, true]);
    const other = stateOf({ prev: root, by: lowest, change: 'add' }); // whose hash is lower than theirs
    for (const states of [
      [root, other, ...ring],
      [three_, two, root, one, other],
    ]) {
      assert.equal(newestOf(p, states, root), one);
    }
  });
});
