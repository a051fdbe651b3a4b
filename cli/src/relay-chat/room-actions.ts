/** What is done to rooms: the same from the chat as from the command line. */
import type { Messenger, RelayConversation, RoomView } from '@waxwing/client';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import type { Places } from './places.ts';
import type { RoomAction } from './relay-command-table.ts';
import type { RelayChatView } from './relay-view.ts';

export interface RoomActionsOptions {
  readonly screen: ChatScreen;
  readonly view: RelayChatView;
  readonly messenger: Messenger;
  readonly places: Places;
  readonly enter: (conversation: RelayConversation) => void;
}

/** Does it; what changed is told by events. @throws WaxwingError `not-admin`, `name-unknown` … */
export async function runRoomAction(action: RoomAction, options: RoomActionsOptions): Promise<void> {
  const { screen, view, messenger, places, enter } = options;
  if (action.what === 'create') {
    enter(await messenger.createRoom(action.name));
    return;
  }
  const room = places.current?.view.room;
  if (room === undefined) {
    screen.notice('You are in no room: /join #room goes to one, /room create NAME makes one.');
    return;
  }
  switch (action.what) {
    case 'invite':
      await messenger.invite(room.id, action.who);
      return;
    case 'remove':
      await messenger.remove(room.id, action.who);
      return;
    case 'admin':
    case 'member':
      await messenger.setRole(room.id, action.who, action.what);
      return;
    case 'name':
      await messenger.renameRoom(room.id, action.name);
      places.draw();
      return;
    case 'leave':
      await messenger.leaveRoom(room.id);
      places.enter(undefined);
      return;
    case 'settle':
      screen.notice(settledWords(await messenger.settleRoom(room.id), room, view));
      return;
    case 'members':
      screen.lines([
        `In ${conversationLabel(places.title ?? '')}, ${String(room.members.length)}:`,
        ...memberLines(room, (peer) => view.name(peer)),
      ]);
  }
}

function settledWords(settled: boolean, { members, forkedBy }: RoomView, view: RelayChatView): string {
  if (!settled) return 'There is nothing to decide about this room.';
  const decides = members.some(({ peer, role }) => peer === 'me' && role === 'admin');
  const who = forkedBy === undefined || forkedBy === 'me' ? undefined : view.name(forkedBy);
  const next = decides && who !== undefined ? ` /room remove takes ${who} out.` : '';
  return `You go on with the members you see in /room members: who was told otherwise does not read you, and you not them.${next}`;
}

/** One line a member, safe; `name` gives somebody's name, safe. */
export function memberLines(room: RoomView, name: (peer: RoomView['members'][number]['peer']) => string): string[] {
  return room.members.map(({ peer, role }) => {
    const trust = peer === 'me' ? '' : `, ${peer.trust}, ${peer.fingerprint}`;
    return `  ${name(peer)}${role === 'admin' ? ' (decides about the room)' : ''}${trust}`;
  });
}
