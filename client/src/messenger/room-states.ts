/** A state of a room that was taken or made: what follows from it, and what is told (§10.5). */
import {
  type Bytes,
  equalBytes,
  memberOf,
  type Party,
  type RoomRecord,
  type RoomState,
  type RoomStatement,
  sameParty,
  type TakenRoomState,
} from '@waxwing/protocol';
import type { OpenedMail } from './opened-mail.ts';
import { titleOf } from './names.ts';
import { isKnown, ownDevice, type Place } from './place.ts';
import type { RelayEvent } from './relay-event.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { changedMembers, viewParty } from './view-room.ts';

interface Parts {
  readonly place: Place;
  readonly rooms: Rooms;
}

/** What a state changes beside the room itself. `taken` undefined: the room begins here with it. */
export function stateMail(
  parts: Parts,
  room: Room,
  of: {
    readonly taken: TakenRoomState | undefined;
    readonly before: RoomRecord | undefined;
    readonly onDelivered: (numbers: readonly number[]) => void;
  },
): OpenedMail {
  const { place } = parts;
  const { taken, before } = of;
  let delivered: readonly number[] = [];
  return {
    commit: () => {
      delivered = settleMembers(place, room);
    },
    show: () => {
      if (delivered.length > 0) of.onDelivered(delivered);
      if (taken?.held === true) return; // nothing but its secret was new
      const state = taken?.state ?? room.state.epochs[0];
      if (state === undefined) return;
      if (taken?.place !== 'earlier') tellFork(parts, room, { state, lost: taken?.place === 'lost' });
      if (taken?.place !== 'lost') tellState(parts, room, { state, before });
    },
  };
}

/** Who is in a room is written to about it, whether or not one knows him. Inside a transaction. */
export function meetMember(place: Place, account: Bytes): void {
  const { store, relay } = place;
  if (store.contacts.get(relay, account) !== undefined) return;
  store.contacts.add(relay, account, isKnown(place, account) ? 'open' : 'member');
}

/**
 * Who is in a room is written to; whoever is not there any more is not waited for. The numbers of own
 * messages that all who are left have.
 */
export function settleMembers(place: Place, room: Room): readonly number[] {
  const { store } = place;
  const me = ownDevice(place).bundle;
  if (room.isMember) {
    for (const member of room.file.members) {
      if (!sameParty(member, me)) meetMember(place, member.account);
    }
  }
  const gone = store.rooms.unconfirmed(room.id).filter((copy) => memberOf(room.file, copy) === undefined);
  const seqs = store.rooms.confirm(room.id, gone);
  return store.mail.deliver(room.chain, seqs);
}

/** `room`: what changed, by whom, and whom it concerns. */
export function tellState(
  { place, rooms }: Parts,
  room: Room,
  { state, before }: { readonly state: RoomState; readonly before: RoomRecord | undefined },
): void {
  const { says, file } = state;
  const last = before?.epochs.find((one) => equalBytes(one.state, says.prev));
  const event: Omit<Extract<RelayEvent, { readonly kind: 'room' }>, 'members'> = {
    kind: 'room',
    room: rooms.view(room),
    change: says.change,
    by: viewParty(place, says.by),
  };
  place.observe({ ...event, members: concerned(place, { says, file }, last).map((one) => viewParty(place, one)) });
}

function concerned(
  place: Place,
  { says, file }: Pick<RoomState, 'says' | 'file'>,
  last: RoomState | undefined,
): readonly Party[] {
  if (last === undefined) return [ownDevice(place).bundle]; // one's own joining: what was before is not known
  switch (says.change) {
    case 'add':
    case 'role':
      return changedMembers(file, last.file);
    case 'remove':
    case 'leave':
      return changedMembers(last.file, file);
    default:
      return [];
  }
}

/** A member forked the room, and the user is to decide (§10.5). */
export function tellAlarm({ place, rooms }: Parts, room: Room): void {
  const view = rooms.view(room);
  const who = nameOf(place, view.forkedBy ?? 'me');
  const sentence =
    `${who} made a state of this room that contradicts another one: what you were told about it and what others were told differ. ` +
    'Nothing is sent here any more. Ask the others what they see; then /room settle goes on with the members shown here, and /room leave leaves.';
  place.observe({ kind: 'fork', room: view, alarm: true, sentence });
}

/** Somebody who is in the room no more would have undone what stands for a day (§10.5): nothing came of it. */
export function tellRefused({ place, rooms }: Parts, room: Room, { by }: RoomStatement): void {
  const sentence = `${nameOf(place, viewParty(place, by))}, who is in this room no more, tried to undo what stands for a day: nothing came of it.`;
  place.observe({ kind: 'fork', room: rooms.view(room), alarm: false, sentence });
}

function nameOf(place: Place, peer: ReturnType<typeof viewParty>): string {
  return peer === 'me' ? 'A device of yours' : titleOf(place, peer.account);
}

function tellFork(
  { place, rooms }: Parts,
  room: Room,
  of: { readonly state: RoomState; readonly lost: boolean },
): void {
  const { says } = of.state;
  const twins = room.state.epochs.filter((one) => equalBytes(one.says.prev, says.prev));
  if (twins.length < 2 || says.epoch === 1) return;
  const sentence = of.lost
    ? 'Two members changed the room at the same time: the change that came now did not last.'
    : 'Two members changed the room at the same time: the change that came now lasts, and the other one does not.';
  place.observe({ kind: 'fork', room: rooms.view(room), alarm: false, sentence });
}
