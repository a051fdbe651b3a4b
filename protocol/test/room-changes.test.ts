import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import { createRoom } from '../src/conversation/begin-room.ts';
import { MAX_ROOM_MEMBERS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { changeOf, checkChange, membersAfter, type RoomChange } from '../src/rooms/change.ts';
import { decodeMemberFile, encodeMemberFile, type RoomMember } from '../src/rooms/member-file.ts';
import type { ChangeKind } from '../src/rooms/room-statement.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { type Inside, memberIn, partyOf, stateOf, three } from './fixtures/rooms.ts';

suite('the table of changes (§10.1)', () => {
  const says = stateOf({ prev: undefined, by: alice, change: 'create' }).says;
  const judged = (change: ChangeKind, members: readonly RoomMember[]) => ({
    says: { ...says, change },
    file: encodeMemberFile(p, members),
  });
  const [admin, second, third] = [memberIn(alice, 'admin'), memberIn(bob, 'admin'), memberIn(carol, 'member')];

  test('who makes a state stays in it, whatever his role', () => {
    const before = judged('create', [admin, second, third]);
    for (const change of ['remove', 'leave'] as const) {
      assert.throws(() => checkChange(before, judged(change, [second, third])), fails('room', 'change'));
      assert.throws(() => checkChange(before, judged(change, [second])), fails('room', 'change'));
      checkChange(before, judged(change, [admin, second]));
    }
  });

  test('other roles are those of the same devices', () => {
    const before = judged('create', [admin, second, third]);
    const exchanged = judged('role', [admin, { ...second, role: 'member' }, memberIn(aliceSecond, 'member')]);
    const replaced = judged('role', [admin, second, memberIn(aliceSecond, 'member')]);
    for (const wrong of [exchanged, replaced]) assert.throws(() => checkChange(before, wrong), fails('room', 'change'));
    const other = judged('role', [admin, { ...second, role: 'member' }, third]);
    checkChange(before, other);
    assert.deepEqual(changeOf(before, other), { change: 'role', members: [{ ...second, role: 'member' }] });
  });

  test('a room begins once, with its maker as its one admin', () => {
    const first = judged('create', [admin, third]);
    checkChange(undefined, first);
    for (const wrong of [
      judged('create', [admin, second]),
      judged('create', [second, third]),
      judged('fresh', [admin, third]),
    ]) {
      assert.throws(() => checkChange(undefined, wrong), fails('room', 'change'));
    }
    assert.throws(() => checkChange(first, first), fails('room', 'change'));
    assert.equal(changeOf(first, first), undefined);
  });
});

suite('making a state (§10.1)', () => {
  test('what the table does not allow is refused before anything changes', async () => {
    const { a, b } = await three();
    const refused: readonly (readonly [Inside, RoomChange, string])[] = [
      [b, { change: 'add', members: [memberIn(aliceSecond, 'member')] }, 'change'],
      [b, { change: 'remove', members: [partyOf(carol)] }, 'change'],
      [b, { change: 'role', members: [memberIn(bob, 'admin')] }, 'change'],
      [b, { change: 'name', name: 'B' }, 'change'],
      [a, { change: 'name', name: 'Gruppe' }, 'change'],
      [a, { change: 'name', name: '' }, 'grammar'],
      [a, { change: 'name', name: 'e\u0301' }, 'grammar'],
      [a, { change: 'name', name: 'x'.repeat(65) }, 'grammar'],
      [a, { change: 'add', members: [] }, 'change'],
      [a, { change: 'add', members: [memberIn(bob, 'member')] }, 'file'],
      [a, { change: 'remove', members: [partyOf(aliceSecond)] }, 'change'],
      [a, { change: 'remove', members: [partyOf(alice)] }, 'file'],
      [a, { change: 'role', members: [memberIn(alice, 'member')] }, 'file'],
      [a, { change: 'role', members: [memberIn(bob, 'member')] }, 'change'],
      [a, { change: 'leave', members: [partyOf(carol)] }, 'leaves'],
      [a, { change: 'leave', members: [] }, 'change'],
    ];
    for (const [side, change, check] of refused) {
      const before = side.written;
      await assert.rejects(side.change(change), fails('room', check), JSON.stringify(change));
      assert.equal(side.written, before);
    }
    const many = Array.from({ length: MAX_ROOM_MEMBERS }, () => ({
      account: p.randomBytes(32),
      device: p.randomBytes(16),
    }));
    const room = { name: 'x', members: many, now: NOW };
    await assert.rejects(createRoom(p, alice, room), fails('room', 'file'));
    const full = await createRoom(p, alice, { ...room, members: many.slice(1) });
    assert.equal(full.items.length, MAX_ROOM_MEMBERS - 1);
    await assert.rejects(createRoom(p, alice, { ...room, members: [partyOf(alice)] }), fails('room', 'file'));
  });

  test('every change of a room is one of the table, tells what it was, and no other word fits it', () => {
    const parties = Array.from({ length: 6 }, (_, at) => ({
      account: new Uint8Array(32).fill(at),
      device: new Uint8Array(16).fill(at),
    }));
    const [maker] = parties as [(typeof parties)[0]];
    const first = { ...maker, role: 'admin' as const };
    const member = fc.record({
      at: fc.integer({ min: 1, max: 5 }),
      role: fc.constantFrom('admin' as const, 'member' as const),
    });
    const some = fc.uniqueArray(member, { selector: ({ at }) => at, maxLength: 5 });
    const kinds = ['create', 'add', 'remove', 'leave', 'role', 'name', 'fresh'] as const;
    fc.assert(
      fc.property(some, some, fc.constantFrom(...kinds.slice(1)), (inside, touched, kind) => {
        const membersOf = (list: typeof inside) => list.map(({ at, role }) => ({ ...(parties[at] ?? maker), role }));
        const members = membersOf(touched);
        const change =
          kind === 'name'
            ? { change: kind, name: 'other' }
            : kind === 'fresh'
              ? { change: kind }
              : { change: kind as 'add', members };
        const state = (
          list: readonly ReturnType<typeof membersOf>[0][],
          name: string,
          word: (typeof kinds)[number],
        ) => {
          const file = encodeMemberFile(p, list);
          const says = {
            room: file.hash,
            epoch: 2,
            prev: file.hash,
            by: maker,
            change: word,
            name,
            members: file.hash,
            count: list.length,
            secret: file.hash,
            made: NOW,
          };
          return { says, file };
        };
        const before = state([first, ...membersOf(inside)], 'one', 'create');
        const next = membersAfter(before.file.members, change);
        let after: ReturnType<typeof state>;
        try {
          after = state(next, kind === 'name' ? 'other' : 'one', kind);
        } catch (error) {
          assert.ok(fails('room', 'file')(error));
          return;
        }
        const fits = kinds.filter((word) => {
          try {
            checkChange(before, { ...after, says: { ...after.says, change: word } });
            return true;
          } catch (error) {
            assert.ok(fails('room', 'change')(error));
            return false;
          }
        });
        const twins = kind === 'remove' || kind === 'leave' ? ['remove', 'leave'] : [kind];
        const changed = toHex(before.file.bytes) !== toHex(after.file.bytes);
        if (kind === 'name' || kind === 'fresh') assert.deepEqual(fits, twins);
        else assert.deepEqual(fits, changed ? twins : ['fresh']);
        const told = changeOf(before, after) ?? assert.fail();
        assert.equal(told.change, kind);
        assert.deepEqual(encodeMemberFile(p, membersAfter(before.file.members, told)), after.file);
      }),
      { numRuns: 200 },
    );
  });

  test('a member file is the same whatever the order, and any other bytes are not it', () => {
    const party = fc.record({
      account: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      device: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    });
    fc.assert(
      fc.property(fc.array(party, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(255), (list, at, byte) => {
        const members = list.map(({ account, device }, index) => ({
          account: new Uint8Array(account),
          device: new Uint8Array(device),
          role: index === 0 ? ('admin' as const) : ('member' as const),
        }));
        const file = encodeMemberFile(p, members);
        assert.deepEqual(encodeMemberFile(p, members.toReversed()), file);
        const other = file.bytes.slice();
        other[at % other.length] = byte;
        try {
          const again = decodeMemberFile(p, other);
          assert.deepEqual(encodeMemberFile(p, again.members).bytes, other);
        } catch (error) {
          assert.ok(fails('room', 'file')(error));
        }
      }),
      { numRuns: 150 },
    );
  });
});
