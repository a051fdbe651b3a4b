/** A row of `messages` as a StoredMessage, and the SQL that picks out one conversation. */
import type { ConversationKey, StoredMessage } from '../message.ts';
import { optionalBytes, optionalNumber, optionalText, toBytes } from './columns.ts';
import type { SqlValue } from './database.ts';

export interface MessageRow {
  readonly number: number;
  readonly direction: 'in' | 'out';
  readonly state: StoredMessage['state'];
  readonly account: Uint8Array | null;
  readonly address: string | null;
  readonly own_device: Uint8Array | null;
  readonly peer_device: Uint8Array | null;
  readonly id: Uint8Array;
  readonly opening: Uint8Array;
  readonly type: string;
  readonly body: Uint8Array;
  readonly created_at: number;
  readonly sent_at: number | null;
  readonly received_at: number | null;
  readonly delivered_at: number | null;
  readonly seq: number | null;
  readonly flight: number | null;
  readonly unread: number;
  readonly expires_at: number | null;
}

export function messageOf(row: MessageRow): StoredMessage {
  return {
    number: row.number,
    direction: row.direction,
    state: row.state,
    account: optionalBytes(row.account),
    address: optionalText(row.address),
    ownDevice: optionalBytes(row.own_device),
    peerDevice: optionalBytes(row.peer_device),
    id: toBytes(row.id),
    opening: toBytes(row.opening),
    type: row.type,
    body: toBytes(row.body),
    createdAt: row.created_at,
    sentAt: optionalNumber(row.sent_at),
    receivedAt: optionalNumber(row.received_at),
    deliveredAt: optionalNumber(row.delivered_at),
    seq: optionalNumber(row.seq),
    unread: row.unread === 1,
    expiresAt: optionalNumber(row.expires_at),
  };
}

/** A condition on `messages` with one value to bind; none for all conversations. */
export function conversationFilter(key: ConversationKey | undefined): {
  readonly sql: string;
  readonly values: readonly SqlValue[];
} {
  if (key === undefined) return { sql: 'TRUE', values: [] };
  return 'account' in key
    ? { sql: 'messages.account = ?', values: [key.account] }
    : { sql: 'messages.account IS NULL AND messages.address = ?', values: [key.address] };
}
