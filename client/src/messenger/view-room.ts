/** A room as it is shown (§10). */
import {
  decodeRoomStatement,
  leaverOf,
  type MemberFile,
  memberOf,
  newestEpoch,
  type Party,
  sameParty,
} from '@waxwing/protocol';
import type { PeerView } from '../direct/peer-view.ts';
import { titleOf } from './names.ts';
import { ownDevice, type Place, viewAccount } from './place.ts';
import type { RoomView } from './room-view.ts';
import type { Room } from './room.ts';

export function viewRoom(place: Place, room: Room): RoomView {
  const { says, file } = newestEpoch(room.state);
  const standing = standingOf(place, room);
  return {
    id: room.id,
    name: says.name,
    epoch: says.epoch,
    members: file.members.map((member) => ({
      peer: viewParty(place, member),
      role: member.role,
      device: member.device,
    })),
    standing,
    forkedBy: standing === 'fork' ? forkedBy(place, room) : undefined,
    held: room.state.held.length,
  };
}

function standingOf(place: Place, { state, isMember }: Room): RoomView['standing'] {
  if (!isMember) return newestEpoch(state).says.change === 'leave' ? 'left' : 'removed';
  const me = ownDevice(place).bundle;
  if (state.leaves.some((leave) => sameParty(leaverOf(leave), me))) return 'left';
  return state.alarm?.settled === false ? 'fork' : 'member';
}

function forkedBy(place: Place, { state: { alarm } }: Room): RoomView['forkedBy'] {
  return alarm && viewParty(place, decodeRoomStatement(alarm.statement).by);
}

export function viewParty(place: Place, { account, device }: Party): PeerView | 'me' {
  const own = { account: new Uint8Array(account), device: new Uint8Array(device) };
  return sameParty(ownDevice(place).bundle, own) ? 'me' : viewAccount(place, own.account);
}

/** The members of one list that are not in another, or not in the same role. */
export function changedMembers(one: MemberFile, other: MemberFile): readonly Party[] {
  return one.members.filter((member) => memberOf(other, member)?.role !== member.role);
}

/** Who was in the room when something was written, and is no more; `written before …` (§10.5). */
export function writtenBefore(place: Place, then: MemberFile, now: MemberFile): string {
  const names = (of: readonly Party[]): string =>
    of
      .map((party) => {
        const peer = viewParty(place, party);
        return peer === 'me' ? 'you' : titleOf(place, peer.account);
      })
      .join(', ');
  const gone = then.members.filter((member) => memberOf(now, member) === undefined);
  if (gone.length > 0) return `written before ${names(gone)} ${gone.length === 1 ? 'was' : 'were'} taken out`;
  const come = now.members.filter((member) => memberOf(then, member) === undefined);
  if (come.length > 0) return `written before ${names(come)} ${come.length === 1 ? 'was' : 'were'} let in`;
  return 'written before the list of members changed';
}
