/** How a room begins on a device: it makes one, or is told of one (§10.1, §10.2). */
import type { Party } from '../envelope/message-statement.ts';
import type { Device } from '../keys/device.ts';
import type { Primitives } from '../primitives.ts';
import { makeFirstState } from '../rooms/make-room-state.ts';
import { type Certificates, openRoomItem } from '../rooms/open-room-item.ts';
import type { MadeItems } from './room-flight.ts';
import { stateItems } from './room-items.ts';
import { newRoomRecord, type RoomRecord } from './room-record.ts';
import type { CameInSession } from './take-room-state.ts';

/**
 * A new room, whose one admin is this device.
 * @throws ProtocolError `room`, check `file` or `grammar`, for members or a name that no room can have
 */
export async function createRoom(
  p: Primitives,
  device: Device,
  room: { readonly name: string; readonly members: readonly Party[]; readonly now: number },
): Promise<MadeItems & { readonly record: RoomRecord }> {
  const me = device.bundle;
  const { now } = room;
  const { state, secret } = await makeFirstState(p, { me, signKey: device.signKey, now }, room);
  return { state, record: newRoomRecord(p, { state, secret, me, now }), items: stateItems({ state, secret, me }) };
}

/**
 * The room that an item `application/waxwing-room` brings to a device that knows nothing of it.
 * @throws ProtocolError as `RoomConversation.take`
 */
export async function joinRoom(
  p: Primitives,
  options: { readonly device: Device; readonly certificates: Certificates },
  came: CameInSession,
): Promise<RoomRecord> {
  const me = options.device.bundle;
  const { from, now, body } = came;
  const context = { me, from, room: undefined, states: [], newest: undefined, certificates: options.certificates };
  const { state, secret } = await openRoomItem(p, context, body);
  return newRoomRecord(p, { state, secret, me, now });
}
