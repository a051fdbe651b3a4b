/** The table of changes (§10.1): who may make which state of which one. */
import type { Party } from '../envelope/message-statement.ts';
import { memberOf, type RoomMember } from './member-file.ts';
import { sameParty } from './party.ts';
import { refuseRoom } from './refusal.ts';
import type { RoomState } from './room-state.ts';

/** A change as its maker wants it. */
export type RoomChange =
  | { readonly change: 'add'; readonly members: readonly RoomMember[] }
  | { readonly change: 'remove'; readonly members: readonly Party[] }
  | { readonly change: 'leave'; readonly members: readonly Party[] }
  | { readonly change: 'role'; readonly members: readonly RoomMember[] }
  | { readonly change: 'name'; readonly name: string }
  | { readonly change: 'fresh' };

type Judged = Pick<RoomState, 'says' | 'file'>;

/** The members after a change of them. */
export function membersAfter(before: readonly RoomMember[], change: RoomChange): readonly RoomMember[] {
  switch (change.change) {
    case 'add':
      return [...before, ...change.members];
    case 'remove':
    case 'leave':
      return before.filter((member) => !change.members.some((gone) => sameParty(gone, member)));
    case 'role':
      return before.map((member) => change.members.find((one) => sameParty(one, member)) ?? member);
    case 'name':
    case 'fresh':
      return before;
  }
}

/** The change that made this state of the one before. */
export function changeOf(before: Judged, after: Judged): RoomChange | undefined {
  const { change, name } = after.says;
  switch (change) {
    case 'create':
      return undefined;
    case 'add':
      return { change, members: after.file.members.filter((member) => memberOf(before.file, member) === undefined) };
    case 'remove':
    case 'leave':
      return { change, members: gone(before, after) };
    case 'role':
      return { change, members: after.file.members.filter((one) => memberOf(before.file, one)?.role !== one.role) };
    case 'name':
      return { change, name };
    case 'fresh':
      return { change };
  }
}

/** Those of the state before that are left out. */
export function gone(before: Judged, after: Judged): readonly RoomMember[] {
  return before.file.members.filter((member) => memberOf(after.file, member) === undefined);
}

/** @throws ProtocolError `room`, check `change`; for `leave` but for who signed that he leaves */
export function checkChange(before: Judged | undefined, after: Judged): void {
  const { change, by, name } = after.says;
  if (before === undefined) {
    const [admin, ...more] = after.file.members.filter(({ role }) => role === 'admin');
    const alone = admin !== undefined && more.length === 0 && sameParty(admin, by);
    if (change !== 'create' || !alone) throw refuse('A room begins with `create` and one admin, who makes it.');
    return;
  }
  const maker = memberOf(before.file, by);
  if (maker === undefined) throw refuse('A state is made by a device that was not in the room.');
  if (maker.role !== 'admin' && change !== 'leave' && change !== 'fresh') {
    throw refuse(`A state of the change ${change} is made by a device that was no admin.`);
  }
  if (change !== 'name' && name !== before.says.name) throw refuse(`A state of the change ${change} has another name.`);
  if (!isAsTheTable(before, after)) throw refuse(`A state is not what the change ${change} makes of the one before.`);
}

function isAsTheTable(before: Judged, after: Judged): boolean {
  const { change, by, name } = after.says;
  const more = after.file.members.length - before.file.members.length;
  const same = more === 0 && isWithin(before, after);
  switch (change) {
    case 'create':
      return false;
    case 'add':
      return more > 0 && isWithin(before, after);
    case 'remove':
    case 'leave':
      return more < 0 && isWithin(after, before) && memberOf(after.file, by) !== undefined;
    case 'role':
      return more === 0 && gone(before, after).length === 0 && !same;
    case 'name':
      return same && name !== before.says.name;
    case 'fresh':
      return same;
  }
}

/** Whether each line of the one is a line of the other. */
function isWithin(one: Judged, other: Judged): boolean {
  return one.file.members.every((member) => memberOf(other.file, member)?.role === member.role);
}

function refuse(message: string): ReturnType<typeof refuseRoom> {
  return refuseRoom('change', message);
}
