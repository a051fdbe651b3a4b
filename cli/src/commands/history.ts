/** `waxwing history …` and `waxwing proof N`: what was said, and how it held. */
import {
  type ConversationKey,
  type HomeLook,
  isWaxwingError,
  type StoredMessage,
  storedRoomNames,
  WaxwingError,
} from '@waxwing/client';
import { type Bytes, DAY, fromHex, TYPE_TEXT, textOf, toBase64, toHex } from '@waxwing/protocol';
import { bodyText } from '../chat/message-view.ts';
import { nameOf, proofOfStored } from '../chat/proof.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type HomeFlags, withHome, withLook } from '../known-home.ts';
import { print, printJson } from '../output.ts';
import { accountOfPeer } from '../peer-name.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import { formatMoment } from '../text/duration.ts';
import { deliveryWords } from '../text/proof-line.ts';
import { proofReport } from '../text/proof-report.ts';
import { CONTINUATION, sanitiseLine, sanitiseLines, sanitiseName } from '../text/sanitise.ts';
import { readKeepDays } from './chat-options.ts';

export interface HistoryFlags extends HomeFlags {
  readonly peer?: string;
  readonly limit?: number;
  readonly search?: string;
  readonly json?: boolean;
}

type Store = HomeLook['store'];
/** Names of rooms, by their ids in hex. */
type Rooms = ReadonlyMap<string, string>;

/** Oldest first, the newest `limit` of them. */
export async function listHistory(flags: HistoryFlags): Promise<ExitCode> {
  return await withLook(flags, ({ store }) => {
    const conversation = flags.peer === undefined ? undefined : conversationWith(store, flags.peer);
    const messages = store.history.list({ conversation, limit: flags.limit, search: flags.search });
    const rooms = messages.some(({ room }) => room !== undefined) ? storedRoomNames(store) : new Map<string, string>();
    if (flags.json === true) for (const message of messages) printJson(recordOf(message, store, rooms));
    else if (messages.length === 0) print('There is no such message.');
    else for (const message of messages) print(...linesOf(message, store, rooms));
    return EXIT.ok;
  });
}

/** @throws WaxwingError `name-unknown`, `name-ambiguous` */
function roomCalled(store: Store, name: string): Bytes {
  const wanted = name.normalize('NFC');
  const [found, ...more] = [...storedRoomNames(store)].filter(([, one]) => one === wanted);
  if (found !== undefined && more.length === 0) return fromHex(found[0]);
  throw found === undefined
    ? new WaxwingError('name-unknown', 'There is no room of that name here.', 'See waxwing room list.')
    : new WaxwingError(
        'name-ambiguous',
        `${String(more.length + 1)} rooms are called that.`,
        'Look in the chat: /join #name, then /history.',
      );
}

/** A peer's conversation, a room's, or what waits under an address nobody has answered at. */
function conversationWith(store: Store, text: string): ConversationKey {
  if (text.startsWith('#')) return { room: roomCalled(store, text.slice(1)) };
  try {
    return { account: accountOfPeer(store, text) };
  } catch (error) {
    if (!isWaxwingError(error, 'name-unknown') || store.history.counts({ address: text }).messages === 0) throw error;
    return { address: text };
  }
}

function nameOfOther({ account, address }: StoredMessage, store: Store): string {
  const peer = account && store.peers.get(account);
  const name = peer && nameOf(peer);
  if (name !== undefined) return sanitiseName(name);
  if (peer !== undefined) return `${peer.fingerprint.slice(0, 15)}…`;
  return address === undefined ? 'someone forgotten' : sanitiseLine(address);
}

function roomLabel({ room }: StoredMessage, rooms: Rooms): string | undefined {
  return room && conversationLabel(`#${rooms.get(toHex(room)) ?? toHex(room).slice(0, 8)}`);
}

/** What stands before the text cannot be forged by it: further lines are set in. */
function linesOf(message: StoredMessage, store: Store, rooms: Rooms): string[] {
  const { number, direction, state, type, body } = message;
  const room = roomLabel(message, rooms);
  const other = direction === 'out' && room !== undefined ? room : nameOfOther(message, store);
  const where = room === undefined ? '' : `${room} `;
  const who =
    direction === 'in' ? where + other : `You to ${other}${state === 'shown' ? '' : ` (${deliveryWords(state)})`}`;
  const [first = '', ...rest] = sanitiseLines(bodyText(type, body));
  const at = formatMoment(message.receivedAt ?? message.createdAt);
  return [`#${number}  ${at}  ${who}: ${first}`, ...rest.map((line) => CONTINUATION + line)];
}

function recordOf(message: StoredMessage, store: Store, rooms: Rooms): object {
  const { account, type, body, room } = message;
  const peer = account && store.peers.get(account);
  const text = type === TYPE_TEXT ? textOf(body) : undefined;
  return {
    number: message.number,
    direction: message.direction,
    state: message.state,
    peer: peer?.fingerprint ?? null,
    name: peer?.petname ?? null,
    address: message.address ?? null,
    room: room === undefined ? null : { id: toHex(room), name: rooms.get(toHex(room)) ?? null },
    type,
    ...(text === undefined ? { body: toBase64(body) } : { text }),
    createdAt: message.createdAt,
    sentAt: message.sentAt ?? null,
    receivedAt: message.receivedAt ?? null,
    deliveredAt: message.deliveredAt ?? null,
    seq: message.seq ?? null,
    unread: message.unread,
    id: toHex(message.id),
  };
}

/** All of them, or none. */
export async function deleteMessages(numbers: readonly number[], flags: HomeFlags): Promise<ExitCode> {
  return await withHome(flags, ({ store }) => {
    store.transaction(() => {
      for (const number of numbers) store.history.delete(number);
    });
    const which = numbers.map((number) => `#${number}`).join(', ');
    print(`${which} ${numbers.length === 1 ? 'is' : 'are'} deleted here. Your peer may still have what was delivered.`);
    return EXIT.ok;
  });
}

export async function purgeHistory(flags: HomeFlags & { readonly keep: string }): Promise<ExitCode> {
  const days = readKeepDays(flags.keep);
  return await withHome(flags, ({ store }) => {
    const gone = store.history.purge(days * DAY);
    print(
      `${gone} ${gone === 1 ? 'message' : 'messages'} older than ${days} ${days === 1 ? 'day' : 'days'} deleted. What is still to be sent stays.`,
    );
    return EXIT.ok;
  });
}

/** The same report as `/proof N` in the chat. */
export async function showProof(number: number, flags: HomeFlags): Promise<ExitCode> {
  return await withLook(flags, ({ store }) => {
    const stored = store.history.proof(number);
    const { account } = stored.message;
    const peer = account && store.peers.get(account);
    const view = peer && {
      ...peer,
      trust: peer.verifiedAt === undefined ? ('first seen' as const) : ('verified' as const),
    };
    print(...proofReport(proofOfStored(stored, view, peer?.firstSeen)));
    return EXIT.ok;
  });
}

/** The newest message's number. @throws WaxwingError `message-unknown` */
export function newestNumber(store: Store): number {
  const newest = store.history.list({ limit: 1 })[0]?.number;
  if (newest !== undefined) return newest;
  throw new WaxwingError('message-unknown', 'There is no message yet.', 'Chat first: waxwing client.');
}
