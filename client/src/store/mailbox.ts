/** What two devices' mailboxes keep of each other (§9.5): written row by row, in the transaction of the flight it belongs to. */
import type { Bytes, MailboxChange, StoredMailbox } from '@waxwing/protocol';
import type { ChainKey } from './chain.ts';
import type { SeqRange } from './message.ts';

/** What is still to be told to a peer, or known to have been (§9.6). */
export interface MailboxNotes {
  /** Flights received that no receipt of ours covers. */
  readonly owed: number;
  /** The peer's flights up to this seq were on screen here, and up to that one the peer was told so. */
  readonly read: number;
  readonly readTold: number;
  /** Own flights up to this seq were on the peer's screen. */
  readonly peerRead: number;
  /** Own seqs that hold nothing which is not sent again (§5.1): told until the peer counts them as missing no more. */
  readonly voids: readonly SeqRange[];
  /** The serial of the own bundle that the peer has, and the first seq that carried a newer one (0: none). */
  readonly bundleSerial: number;
  readonly bundleFrom: number;
  /** The nick told last, and with which seq; 0 once the peer has it. */
  readonly nick: string | undefined;
  readonly nickFrom: number;
  /** When a session was last started in place of one that was lost, Unix milliseconds. */
  readonly restartedAt: number;
  /** The peer's seqs to be asked for again with the next flight, and those that were within a day, with the time, Unix ms. */
  readonly again: readonly SeqRange[];
  readonly asked: readonly (readonly [from: number, to: number, at: number])[];
  /** Own seqs that were given again at the peer's wish within a day, with the time, Unix ms. */
  readonly answered: readonly (readonly [seq: number, at: number])[];
}

export interface StoredPair {
  readonly mailbox: StoredMailbox;
  readonly notes: MailboxNotes;
  /** Sids of sessions of which an envelope did not open: never to be sent on again (§9.4). */
  readonly lost: readonly Bytes[];
}

export interface Mailboxes {
  load(key: ChainKey): StoredPair | undefined;
  /** Whose session this sid (16) is or was. */
  ofSession(sid: Bytes): ChainKey | undefined;
  /** The pairs of an own device with those of an account. */
  ofAccount(ownDevice: Bytes, account: Bytes): readonly ChainKey[];
  save(key: ChainKey, change: MailboxChange, notes: MailboxNotes): void;
  markLost(sid: Bytes): void;
}
