/** The list of conversations. */
import type { ConversationView, RelayConversationKey } from '@waxwing/client';
import { conversationLabel } from '../text/conversation-label.ts';
import { formatMoment } from '../text/duration.ts';
import { keyStateWord } from '../text/proof-line.ts';

/** One line each, safe; `isHere` marks the one the user is in. */
export function conversationLines(
  conversations: readonly ConversationView[],
  isHere: (key: RelayConversationKey) => boolean,
): string[] {
  if (conversations.length === 0) return ['No conversation yet: /msg @name TEXT begins one, /room create NAME a room.'];
  const labels = conversations.map(({ title }) => conversationLabel(title));
  const column = Math.min(30, Math.max(...labels.map((label) => label.length)));
  return conversations.map((view, at) => {
    const words = wordsOf(view);
    return `${isHere(view.key) ? '>' : ' '} ${(labels[at] ?? '').padEnd(column)}  ${words.join(', ')}`.trimEnd();
  });
}

function wordsOf({ peer, room, unread, pending, lastAt, request, invitation }: ConversationView): string[] {
  const words: string[] = [];
  if (peer !== undefined) words.push(keyStateWord(peer.trust === 'verified' ? 'verified' : 'first-seen'));
  if (room !== undefined) {
    const standing = { member: '', left: ', left', removed: ', removed', fork: ', two states: decide' }[room.standing];
    words.push(`${String(room.members.length)} in it${standing}`);
    if (room.held > 0) words.push(`${String(room.held)} held until their state comes`);
  }
  if (request) {
    const asks = invitation === undefined ? 'a request' : `invites you to ${conversationLabel(`#${invitation}`)}`;
    words.push(`${asks}: /accept, /refuse or /block`);
  }
  if (unread > 0) words.push(`${String(unread)} unread`);
  if (pending > 0) words.push(`${String(pending)} not yet delivered`);
  if (lastAt > 0) words.push(`last ${formatMoment(lastAt).slice(0, 16)}`);
  return words;
}
