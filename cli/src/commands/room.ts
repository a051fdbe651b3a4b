/** `waxwing room create|invite|remove|leave|settle|list`: rooms from the command line. */
import { type ConversationView, type RoomMember, WaxwingError } from '@waxwing/client';
import { type Bytes, toHex } from '@waxwing/protocol';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { conversationLines } from '../relay-chat/conversation-lines.ts';
import { memberLines } from '../relay-chat/room-actions.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import { type RelaySession, type RelaySessionFlags, withRelay } from './relay-session.ts';

export interface RoomFlags extends RelaySessionFlags {
  readonly json?: boolean;
}

export async function createRoom(name: string, flags: RoomFlags): Promise<ExitCode> {
  return await withRelay(flags, async (session) => {
    await session.inTime(session.messenger.caughtUp());
    const { view } = await session.inTime(session.messenger.createRoom(name));
    return tell(session, view, flags);
  });
}

/** Each of them is let in, in turn. */
export async function inviteToRoom(room: string, people: readonly string[], flags: RoomFlags): Promise<ExitCode> {
  return await onRoom(room, flags, async ({ messenger }, id) => {
    for (const who of people) await messenger.invite(id, who);
  });
}

export async function removeFromRoom(room: string, people: readonly string[], flags: RoomFlags): Promise<ExitCode> {
  return await onRoom(room, flags, async ({ messenger }, id) => {
    for (const who of people) await messenger.remove(id, who);
  });
}

export async function leaveRoom(room: string, flags: RoomFlags): Promise<ExitCode> {
  return await onRoom(room, flags, async ({ messenger }, id) => messenger.leaveRoom(id));
}

/** Goes on in a room that a member has forked. */
export async function settleRoom(room: string, flags: RoomFlags): Promise<ExitCode> {
  return await onRoom(room, flags, async ({ messenger }, id) => {
    const settled = await messenger.settleRoom(id);
    if (!settled && flags.json !== true) print('There was nothing to decide about this room.');
  });
}

/** The rooms, each with its members. */
export async function listRooms(flags: RoomFlags): Promise<ExitCode> {
  return await withRelay(flags, async (session) => {
    await session.inTime(session.messenger.caughtUp());
    const rooms = session.messenger.conversations().filter(({ room }) => room !== undefined);
    if (rooms.length === 0 && flags.json !== true) print('You are in no room: waxwing room create NAME makes one.');
    for (const view of rooms) tell(session, view, flags);
    return EXIT.ok;
  });
}

/** Does something to a room, in its newest state, and shows what it is then. @throws WaxwingError `name-unknown` */
async function onRoom(
  name: string,
  flags: RoomFlags,
  act: (session: RelaySession, id: Bytes) => Promise<void>,
): Promise<ExitCode> {
  return await withRelay(flags, async (session) => {
    const { messenger } = session;
    await session.inTime(messenger.caughtUp());
    const conversation = await session.find(name.startsWith('#') ? name : `#${name}`);
    const { room } = conversation.view;
    if (room === undefined) throw new WaxwingError('name-unknown', 'That is no room.', 'See waxwing room list.');
    await session.inTime(act(session, room.id));
    return tell(session, conversation.view, flags);
  });
}

function tell({ messenger }: RelaySession, view: ConversationView, { json }: RoomFlags): ExitCode {
  const { room, title, unread } = view;
  if (room === undefined) return EXIT.ok;
  const nameOf = (peer: RoomMember['peer']): string => (peer === 'me' ? 'you' : messenger.titleOf(peer.account));
  const { forkedBy } = room;
  if (json === true) {
    printJson({
      id: toHex(room.id),
      name: room.name,
      title,
      standing: room.standing,
      forkedBy: forkedBy === undefined ? null : nameOf(forkedBy),
      held: room.held,
      epoch: room.epoch,
      unread,
      members: room.members.map(({ peer, role }) => ({
        name: nameOf(peer),
        fingerprint: peer === 'me' ? null : peer.fingerprint,
        trust: peer === 'me' ? null : peer.trust,
        role,
      })),
    });
    return EXIT.ok;
  }
  print(...conversationLines([view], () => false).map((line) => line.trimStart()));
  print(...memberLines(room, (peer) => (peer === 'me' ? 'you' : conversationLabel(nameOf(peer)))));
  return EXIT.ok;
}
