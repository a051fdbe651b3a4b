/** Messages whose flights go through mailboxes: delivered flight by flight, not all up to one (§9.6). */
import type { Bytes } from '@waxwing/protocol';
import type { ChainKey } from './chain.ts';
import type { SeqRange, StoredMessage } from './message.ts';

/** All that gives an own flight again as it was signed (§9.6). */
export interface KeptFlight {
  readonly seq: number;
  readonly bundle: Bytes;
  readonly statement: Bytes;
  readonly signature: Bytes;
  /** c_1 ‖ … ‖ c_count. */
  readonly commitments: Bytes;
  readonly items: readonly Pick<StoredMessage, 'type' | 'body' | 'opening'>[];
}

export interface Mail {
  /** These flights are on the recipient's disk: their messages → delivered. The numbers newly so. */
  deliver(chain: ChainKey, seqs: readonly number[]): readonly number[];
  /**
   * These flights are lost: sent → queued, ids and openings kept, all but some, which stay in them. The numbers. Delivered ones
   * too: a live channel acknowledges all up to a flight, and does not know what a mailbox lacks.
   */
  requeue(chain: ChainKey, seqs: readonly number[], but?: ReadonlySet<number>): readonly number[];
  /** What is on its way from or to any other device of the same accounts: sent → queued. The numbers. */
  requeueOthers(chain: ChainKey): readonly number[];
  /** Own flights between two seqs, ends included, with what is kept of their messages: ascending, `limit` at most. */
  signedFlights(chain: ChainKey, between: SeqRange, limit: number): readonly KeptFlight[];
  /** Seqs of own flights between two, ends included, of which nothing is known yet: neither delivered nor given up. */
  undecided(chain: ChainKey, between: SeqRange): readonly number[];
  /** The numbers of the messages in these flights, ascending. */
  numbersOf(chain: ChainKey, seqs: readonly number[]): readonly number[];
  /** Counts one more try of each; those that have had more than `limit`. */
  countTries(numbers: readonly number[], limit: number): readonly number[];
  /** Sent → given up on (§9.4): `resend` takes them back. */
  giveUp(numbers: readonly number[]): void;
  /** Whether a message met with a lost session: what was given up on is told from what was too old. */
  wasGivenUp(number: number): boolean;
  /** Numbers of messages, delivered in flights of this chain above one seq and up to another. */
  deliveredBetween(chain: ChainKey, above: number, upTo: number): readonly number[];
  /** When something was last said with an account, Unix ms; 0 where nothing was. */
  lastAt(account: Bytes): number;
  /** The highest seq of a received flight with a message above one number and up to another, of each device of the account. */
  seenUpTo(
    account: Bytes,
    range: { readonly above: number; readonly number: number },
  ): readonly (ChainKey & { readonly seq: number })[];
}
