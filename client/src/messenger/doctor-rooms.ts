/** What the doctor finds in rooms (§10.5): forks, and what waits for a state or its secret. */
import { newestEpoch, roomAddress } from '@waxwing/protocol';
import { type Finding, finding, many } from './doctor-report.ts';
import { titleOf } from './names.ts';
import type { Place } from './place.ts';
import type { RoomTraffic } from './room-traffic.ts';
import type { RoomView } from './room-view.ts';
import type { Room } from './room.ts';
import { viewParty } from './view-room.ts';

export interface RoomsCase {
  readonly place: Place;
  readonly connected: boolean;
}

export function examineRooms({ rooms }: RoomTraffic, of: RoomsCase): readonly Finding[] {
  const { roomStrays } = of.place.store;
  let known = 0;
  const found = rooms.all.flatMap((room) => {
    const strays = roomStrays.of(roomAddress(of.place.p, room.id)).length;
    known += strays;
    const about = rooms.titleOf(room);
    return examineRoom(room, { ...of, view: rooms.view(room), strays }).map((one) => ({ ...one, about }));
  });
  const unknown = roomStrays.count() - known;
  if (unknown <= 0) return found;
  const sentence = `${many(unknown, 'delivery', 'deliveries')} of a room that this device is not in ${unknown === 1 ? 'is' : 'are'} kept.`;
  const repaired = 'They open when an invitation comes, and go after 30 days.';
  return [...found, finding('room-unknown', sentence, { repaired })];
}

function examineRoom(
  room: Room,
  { place, connected, view, strays }: RoomsCase & { readonly view: RoomView; readonly strays: number },
): Finding[] {
  if (view.standing === 'left' || view.standing === 'removed') return [];
  const found: Finding[] = [];
  if (view.standing === 'fork') {
    const who = partyName(place, view.forkedBy);
    found.push(
      finding('room-forked', `${who} told different members different things about it: nothing is sent there.`, {
        next: 'Ask the others what they see; then /room settle goes on with the members shown here, and /room leave leaves.',
      }),
    );
  }
  const waits = { repaired: connected ? 'The members are asked for it, one after the other.' : undefined };
  const next = connected
    ? 'If it stays so, ask an admin of the room to connect once.'
    : 'Run the doctor again when the relay is connected: it asks for it.';
  const held = room.state.held.length + strays;
  if (held > 0) {
    const sentence = `${many(held, 'delivery', 'deliveries')} ${held === 1 ? 'waits' : 'wait'} for a state of the room that has not come.`;
    found.push(finding('room-held', sentence, { ...waits, next }));
  }
  const newest = newestEpoch(room.state);
  if (newest.chains.length === 0) {
    const maker = partyName(place, viewParty(place, newest.says.by));
    const queued = place.store.outbox.counts({ room: room.id }).queued;
    const waiting = queued === 0 ? '' : ` ${many(queued, 'message')} of yours ${queued === 1 ? 'waits' : 'wait'}.`;
    const sentence = `${maker} changed the room, and the secret for what is said in it has not come.${waiting}`;
    found.push(finding('room-secret', sentence, { ...waits, next }));
  }
  return found;
}

function partyName(place: Place, party: RoomView['forkedBy']): string {
  if (party === undefined || party === 'me') return 'A device of yours';
  return titleOf(place, party.account);
}
