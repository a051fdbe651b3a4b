/** Taking a state of a room (§10.2, §10.5): the checks, then forks, the new record, and what was held for it. */
import { equalBytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import type { Primitives } from '../primitives.ts';
import { changeOf, type RoomChange } from '../rooms/change.ts';
import { lasts } from '../rooms/fork.ts';
import { isAdmin, memberOf } from '../rooms/member-file.ts';
import { type HeldRoom, openRoomItem, type RoomItemContext } from '../rooms/open-room-item.ts';
import { sameParty } from '../rooms/party.ts';
import { refuseRoom } from '../rooms/refusal.ts';
import type { RoomState } from '../rooms/room-state.ts';
import { openHeld, type RoomSelf } from './open-in-room.ts';
import type { TakenRoomState } from './room-flight.ts';
import { isSettled, lostSince, newestEpoch, type RoomRecord, withSecret, withState } from './room-record.ts';

/** An item of a room that came in a pairwise session. */
export interface CameInSession {
  readonly body: Uint8Array;
  /** The device at the other end of that session. */
  readonly from: Party;
  /** Unix milliseconds. */
  readonly now: number;
}

/** What an item of this room is judged by. */
export function itemContext(
  { device, certificates }: RoomSelf,
  record: RoomRecord,
): Omit<RoomItemContext, 'from'> & HeldRoom {
  const { room, epochs } = record;
  return { me: device.bundle, room, states: epochs, newest: newestEpoch(record), certificates };
}

/**
 * The record with the state, and what came of it; nothing came where its author made two states in one place, or would undo
 * a settled state and may not: then the record has the alarm.
 * @throws ProtocolError `room`, as `openRoomItem`; check `settled` where somebody who is in the room no more would undo a
 *   settled state
 */
export async function takeRoomState(
  p: Primitives,
  self: RoomSelf,
  before: RoomRecord,
  { body, from, now }: CameInSession,
): Promise<{ readonly record: RoomRecord; readonly taken: TakenRoomState | undefined }> {
  const me = self.device.bundle;
  const { state, secret, held } = await openRoomItem(p, { ...itemContext(self, before), from }, body);
  if (!held && isTwin(before, state)) return { record: withAlarm(before, state), taken: undefined };
  const undone = held ? [] : lostSince(p, before, { epochs: [...before.epochs, state] });
  if (undone.some((one) => isSettled(one, now))) {
    const { file } = newestEpoch(before);
    if (memberOf(file, state.says.by) === undefined) {
      throw refuseRoom('settled', 'Somebody who is in the room no more made a state that would undo what is settled.');
    }
    if (!isAdmin(file, state.says.by)) return { record: withAlarm(before, state), taken: undefined };
  }
  const added = { state, secret, me, now };
  const grown = held ? withSecret(p, before, added) : withState(p, before, added);
  const { record, opened, refused } = await openHeld(p, self, grown, now);
  const newest = equalBytes(record.newest, state.state);
  const place = newest ? 'newest' : lasts(p, record.epochs, state) ? 'earlier' : 'lost';
  const again = undone.filter((one) => sameParty(one.says.by, me)).flatMap((one) => changeMade(before, one));
  return { record, taken: { state, place, held, opened, refused, undone, again } };
}

function changeMade({ epochs }: RoomRecord, after: RoomState): readonly RoomChange[] {
  const before = epochs.find(({ state }) => equalBytes(state, after.says.prev));
  const change = before && changeOf(before, after);
  return change === undefined ? [] : [change];
}

/** Whether the author of this state has made another one in the same place. */
function isTwin({ epochs }: RoomRecord, { says }: RoomState): boolean {
  return epochs.some((one) => equalBytes(one.says.prev, says.prev) && sameParty(one.says.by, says.by));
}

/**
 * With the alarm, which keeps the state that was not taken as its proof. One that the user has settled is not raised again, and none is
 * raised by who is in the room no more: there is nothing left to decide.
 */
function withAlarm(record: RoomRecord, { says, statement, signature }: RoomState): RoomRecord {
  const known = record.alarm !== undefined && equalBytes(record.alarm.statement, statement);
  return known || memberOf(newestEpoch(record).file, says.by) === undefined
    ? record
    : { ...record, alarm: { statement, signature, settled: false } };
}
