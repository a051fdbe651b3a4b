/** The port of the relay's store (§11.5). Adapter: `sql/`. One contract suite: relay/test/fixtures/store-contract.ts. */
import type { Bytes, StoredRow } from '@waxwing/protocol/wire';
import type { Change, OutcomeOf } from './change.ts';

/** A day since 1970: no time that is finer is kept. */
export type Day = number;

export interface Member {
  /** 32 */
  readonly account: Bytes;
  /** 16 */
  readonly device: Bytes;
  /** 32: where the device's envelopes lie. */
  readonly mailbox: Bytes;
  readonly name: string | undefined;
  readonly bundle: Bytes;
  readonly joined: Day;
  /** 0: no prekeys are here. */
  readonly prekeyCounter: number;
  readonly entriesLeft: number;
  /** Envelopes. */
  readonly waiting: number;
}

/** The relay's own keys, as they are stored. **Secret.** */
export interface StoredIdentity {
  readonly accountPublic: Bytes;
  readonly accountPrivate: Bytes;
  readonly device: Bytes;
}

export interface WaitingEnvelope {
  /** Its place in the mailbox. */
  readonly number: number;
  readonly id: Bytes;
  readonly outer: Bytes;
}

/** What of a mailbox to read: after which place, and how much at most (one envelope is read in any case). */
export interface WaitingQuery {
  readonly mailbox: Bytes;
  readonly after: number;
  readonly count: number;
  readonly bytes: number;
}

export interface Totals {
  readonly users: number;
  readonly envelopes: number;
  readonly bytes: number;
  /** Invites that can still be used. */
  readonly invites: number;
}

export interface RelayStore {
  /**
   * Makes all changes in one transaction, in order, and gives their outcomes in order; they are on disk when this
   * resolves. A change that is refused changes nothing and hinders no other.
   * @throws whatever the disk has against it; then nothing was changed
   */
  commit<const Changes extends readonly Change[]>(
    changes: Changes,
  ): Promise<{ -readonly [At in keyof Changes]: OutcomeOf<Changes[At]> }>;
  identity(): Promise<StoredIdentity | undefined>;
  member(account: Bytes): Promise<Member | undefined>;
  memberNamed(name: string): Promise<Bytes | undefined>;
  members(): Promise<readonly Member[]>;
  /** In the order in which they were put. */
  waiting(query: WaitingQuery): Promise<readonly WaitingEnvelope[]>;
  /** For each id in order: 0 unknown, 1 waiting, 2 unopenable, 3 its mailbox is gone. */
  states(ids: readonly Bytes[]): Promise<readonly number[]>;
  /** Rows about an account, its device and its mailbox, from a place on, in a fixed order; outer blobs as their size. */
  rows(account: Bytes, query: { readonly from: number; readonly count: number }): Promise<readonly StoredRow[]>;
  totals(today: Day): Promise<Totals>;
  close(): Promise<void>;
}
