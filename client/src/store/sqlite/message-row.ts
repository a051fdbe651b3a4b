/** A row of `messages`, with its conversation and its flight, as a StoredMessage. */
import { type Bytes, concat, HASH_SIZE, utf8 } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { OutState, StoredMessage } from '../message.ts';
import { optionalBytes, optionalNumber, optionalText, toBytes } from './columns.ts';

/** Stands in `messages.flight` while no flight carries the message. */
export const QUEUED = -(2 ** 40);

export interface MessageRow {
  readonly number: number;
  readonly direction: 'in' | 'out';
  readonly account: Uint8Array | null;
  readonly address: string | null;
  readonly flight: number;
  readonly id: Uint8Array | null;
  readonly opening: Uint8Array;
  readonly type: string;
  readonly body: Uint8Array;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly read_up_to: number;
  /** 1 where `account` is a room's id. */
  readonly room: number;
  /** Of the flight: null while the message is queued. */
  readonly own_device: Uint8Array | null;
  readonly peer_device: Uint8Array | null;
  /** Received in a room: account (32) and device (16) of its author. */
  readonly author: Uint8Array | null;
  readonly seq: number | null;
  readonly flight_at: number | null;
  readonly outcome: 'accepted' | 'too-old' | null;
  readonly decided_at: number | null;
}

/** What every reading of whole messages selects: put a condition on `messages` behind it. */
export const SELECT_MESSAGES = `SELECT messages.*, conversations.account, conversations.read_up_to, conversations.room,
  flights.own_device, flights.peer_device, flights.author, flights.seq, flights.at AS flight_at, flights.outcome, flights.decided_at
  FROM messages JOIN conversations USING (conversation) LEFT JOIN flights ON flights.flight = messages.flight`;

export function messageOf(row: MessageRow): StoredMessage {
  const incoming = row.direction === 'in';
  const state = incoming ? 'shown' : stateOf(row);
  const opening = toBytes(row.opening);
  const { type } = row;
  const body = toBytes(row.body);
  return {
    number: row.number,
    direction: row.direction,
    state,
    ...partiesOf(row),
    address: optionalText(row.address),
    ownDevice: optionalBytes(row.own_device),
    id: row.id === null ? idOf({ opening, type, body }) : toBytes(row.id),
    opening,
    type,
    body,
    createdAt: row.created_at,
    sentAt: incoming ? undefined : optionalNumber(row.flight_at),
    receivedAt: incoming ? row.created_at : undefined,
    deliveredAt: state === 'delivered' ? optionalNumber(row.decided_at) : undefined,
    seq: optionalNumber(row.seq),
    unread: incoming && row.number > row.read_up_to,
    expiresAt: optionalNumber(row.expires_at),
  };
}

function partiesOf(row: MessageRow): Pick<StoredMessage, 'account' | 'room' | 'peerDevice'> {
  const account = optionalBytes(row.account);
  if (row.room === 0) return { account, room: undefined, peerDevice: optionalBytes(row.peer_device) };
  const author = authorOf(row.author);
  return { account: author?.account, room: account, peerDevice: author?.device };
}

/** The author of a room's flight, as its column has it. */
export function authorOf(column: Uint8Array | null): { readonly account: Bytes; readonly device: Bytes } | undefined {
  if (column === null) return undefined;
  return { account: toBytes(column.subarray(0, HASH_SIZE)), device: toBytes(column.subarray(HASH_SIZE)) };
}

function stateOf({ flight, outcome }: MessageRow): OutState {
  if (flight === QUEUED) return 'queued';
  if (outcome === null) return 'sent';
  return outcome === 'accepted' ? 'delivered' : 'too-old';
}

/** c_i = H(r_i ‖ type ‖ "\n" ‖ body_i) (§5.1): the message's id through every resend. */
function idOf({ opening, type, body }: Pick<StoredMessage, 'opening' | 'type' | 'body'>): Bytes {
  return nodePrimitives.sha256(concat(opening, utf8(`${type}\n`), body));
}
