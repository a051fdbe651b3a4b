/** What happened to a room, in a sentence. */
import type { PeerView, RelayEvent } from '@waxwing/client';
import { conversationLabel } from '../text/conversation-label.ts';

type RoomEvent = Extract<RelayEvent, { readonly kind: 'room' }>;

/** `label` is the room's, safe; `name` gives somebody's, safe, and `you` for oneself. */
export function roomWords(event: RoomEvent, label: string, name: (peer: PeerView | 'me') => string): string {
  const words = changeWords(event, label, name);
  return words.replace(/^you\b/u, 'You');
}

function changeWords(event: RoomEvent, label: string, name: (peer: PeerView | 'me') => string): string {
  const { change, room } = event;
  const by = name(event.by);
  const them = listWords(event.members.map(name));
  const iAmIn = event.members.includes('me');
  switch (change) {
    case 'create':
      return `${label} is there: ${by} made it. /room invite @name lets others in.`;
    case 'add': {
      const size = `${String(room.members.length)} are in it: /room members.`;
      return iAmIn
        ? `${by} let you into ${label}. ${size} What was said before cannot be read here.`
        : `${by} let ${them} into ${label}. ${size}`;
    }
    case 'remove':
      return iAmIn
        ? `${by} took you out of ${label}: nothing can be said there any more.`
        : `${by} took ${them} out of ${label}: what is said from now on cannot be read there.`;
    case 'leave':
      return iAmIn ? `You left ${label}.` : `${them} left ${label}.`;
    case 'role':
      return `${by} decided who decides in ${label}: /room members shows it (${them}).`;
    case 'name':
      return `${by} calls the room ${conversationLabel(`#${room.name}`)} from now on.`;
    case 'fresh':
      return `${label} has new keys.`;
  }
}

/** `a`, `a and b`, `a, b and c` */
function listWords(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nobody';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
