/** Messages: the outbox and the history are two views of one table, so nothing is ever in both or in neither. */
import type { Bytes } from '@waxwing/protocol';
import type { ChainKey } from './chain.ts';

/** Whom a message is for: an account, a room (its id, 32), or the address it was typed to before anyone was there (`host:port`, `server`). */
export type ConversationKey = { readonly account: Bytes } | { readonly room: Bytes } | { readonly address: string };

/** Through a relay one that was shown there is `read`, and one that was given up on `not-delivered` (§9.4, §9.6). */
export type OutState = 'queued' | 'sent' | 'delivered' | 'too-old' | 'read' | 'failed';
export type InState = 'shown';

export interface StoredMessage {
  /** Home-wide, never used again: shown as `#N`. */
  readonly number: number;
  readonly direction: 'in' | 'out';
  readonly state: OutState | InState;
  /** The other's; in a room its author's, and undefined for one's own. */
  readonly account: Bytes | undefined;
  /** The id (32) of the room it was said in. */
  readonly room: Bytes | undefined;
  readonly address: string | undefined;
  readonly ownDevice: Bytes | undefined;
  readonly peerDevice: Bytes | undefined;
  /** c_i (§5.1), 32. */
  readonly id: Bytes;
  /** r_i (§5.1), 32. */
  readonly opening: Bytes;
  /** Media type. */
  readonly type: string;
  readonly body: Bytes;
  readonly createdAt: number;
  readonly sentAt: number | undefined;
  readonly receivedAt: number | undefined;
  readonly deliveredAt: number | undefined;
  /** Seq of the last flight that carried it. */
  readonly seq: number | undefined;
  readonly unread: boolean;
  readonly expiresAt: number | undefined;
}

/** What waits to be sealed: an item with its number. */
export type QueuedMessage = Pick<StoredMessage, 'number' | 'opening' | 'type' | 'body' | 'expiresAt'>;

/** What of a flight is kept: all that its evidence and its proof line need. */
export interface FlightRecord {
  readonly chain: ChainKey;
  readonly seq: number;
  /** The statement (§5.2), its signature (256) and c_1 ‖ … ‖ c_count. */
  readonly statement: Bytes;
  readonly signature: Bytes;
  readonly commitments: Bytes;
  /** The signer's bundle: own for outgoing flights. */
  readonly bundle: Bytes;
  /** `sent` of the statement, the sender's clock, ms. */
  readonly sent: number;
  /** The checks with sizes and durations, JSON text. */
  readonly proof?: string | undefined;
}

export interface ReceivedFlight extends FlightRecord {
  /** In a room, which `chain` names then (see `roomChain`): who sent it. */
  readonly author?: { readonly account: Bytes; readonly device: Bytes } | undefined;
  readonly outcome: 'accepted' | 'too-old';
  /** ms, clock-corrected (§5.5). */
  readonly age: number;
  /** Flights missing before this one. */
  readonly gap: number;
}

export interface ReceivedItem {
  readonly id: Bytes;
  readonly opening: Bytes;
  readonly type: string;
  readonly body: Bytes;
  readonly expiresAt?: number | undefined;
}

/** A range of seqs, ends included: what ctl `void` says (§5.1). */
export type SeqRange = readonly [from: number, to: number];

export interface Outbox {
  /**
   * Queues messages, in order; opening and id are made here and stay through every resend (§5.1). Who sends them in the
   * same turn says `leavesAtOnce`: the commit of `markSent` then forces both onto the disk. Otherwise call `flush`.
   * @throws WaxwingError `too-large` (nothing is queued then)
   */
  enqueue(
    to: ConversationKey,
    items: readonly { readonly type: string; readonly body: Bytes; readonly expiresAt?: number | undefined }[],
    options?: { readonly leavesAtOnce?: boolean },
  ): readonly QueuedMessage[];
  /** What waited under an address now belongs to this account. The numbers moved. */
  adopt(address: string, account: Bytes): readonly number[];
  /** The oldest queued messages above a number that fit one flight: MAX_ITEMS, MAX_BODY (§12). Changes nothing. */
  nextBatch(to: ConversationKey, after?: number): readonly QueuedMessage[];
  /** queued → sent, with the flight that carries them. In one transaction with `chains.setSent`, before it leaves. */
  markSent(numbers: readonly number[], flight: FlightRecord): void;
  /**
   * All sent on this chain up to and including a seq → delivered. The numbers newly delivered. Not forced onto the disk:
   * what a machine forgets when it crashes, the peer tells again on the next connection.
   * @throws WaxwingError `restored-copy` where the peer accepted more than this home ever sent (§4)
   */
  acknowledge(chain: ChainKey, upToSeq: number): readonly number[];
  /**
   * What a cut left unacknowledged: sent → queued, ids and openings kept, from any own device to this account. The
   * ranges are the seqs of `chain` above the last acknowledged one: they hold nothing that is not sent again (§5.1
   * `void`). Call `acknowledge` with the peer's [6, n] first.
   */
  requeue(chain: ChainKey): { readonly numbers: readonly number[]; readonly voids: readonly SeqRange[] };
  /**
   * The peer refused this flight for its age: its messages → too-old, even where an acknowledgement that came first had
   * them delivered (§4: the first [6] of a channel covers refused flights too). Their numbers.
   */
  markTooOld(chain: ChainKey, seq: number): readonly number[];
  /** too-old → queued, at the user's wish. The numbers queued. */
  resend(numbers: readonly number[]): readonly number[];
  /** Counts of a conversation, or of all. */
  counts(to?: ConversationKey): { readonly queued: number; readonly sent: number; readonly tooOld: number };
}

/** All that `exportEvidence` of the protocol needs (§7). */
export interface EvidenceInputs {
  readonly bundle: Bytes;
  readonly statement: Bytes;
  readonly signature: Bytes;
  readonly commitments: Bytes;
  readonly opening: Bytes;
  readonly type: string;
  readonly body: Bytes;
}

/** What `/proof N` and `/why N` show. */
export interface StoredProof {
  readonly message: StoredMessage;
  /** Undefined while the message has not been sealed. */
  readonly flight:
    | (Omit<FlightRecord, 'proof'> & {
        readonly direction: 'in' | 'out';
        readonly outcome: 'accepted' | 'too-old' | undefined;
        readonly age: number | undefined;
        readonly gap: number;
        readonly proof: string | undefined;
        /** How many of its messages are still kept, and their numbers. */
        readonly numbers: readonly number[];
      })
    | undefined;
}

export interface HistoryQuery {
  readonly conversation?: ConversationKey | undefined;
  /** At most this many, the newest ones; default 50. */
  readonly limit?: number | undefined;
  /** Only numbers below this one. */
  readonly before?: number | undefined;
  /** Words that must all occur (the last one may be a beginning). */
  readonly search?: string | undefined;
}

export interface History {
  /**
   * Keeps an opened flight. In one transaction with `chains.setReceived`, before anything is shown.
   * One entry an item: its new number, or undefined where its id was already there (shown once, §5.1).
   */
  receive(flight: ReceivedFlight, items: readonly ReceivedItem[]): readonly (number | undefined)[];
  /** Seqs of this chain's received flights that were refused for their age, the newest 64: told again (§4 [7]). */
  tooOldSeqs(chain: ChainKey): readonly number[];
  /** @throws WaxwingError `message-unknown` */
  get(number: number): StoredMessage;
  /** Oldest first. */
  list(query?: HistoryQuery): readonly StoredMessage[];
  /** @throws WaxwingError `message-unknown` */
  proof(number: number): StoredProof;
  /** @throws WaxwingError `message-unknown`, `no-evidence` */
  evidenceOf(number: number): EvidenceInputs;
  /** Really gone: text, search index, and the pages they stood on. @throws WaxwingError `message-unknown` */
  delete(number: number): void;
  /** Deletes what is older than `keepMs` or expired; what is still to be sent stays. How many went. */
  purge(keepMs: number): number;
  /** Unread → read, up to and including a number; not forced onto the disk. The number up to which it was read before. */
  markRead(conversation: ConversationKey, upToNumber: number): number;
  counts(conversation?: ConversationKey): { readonly messages: number; readonly unread: number };
}
