/** What a client may ask of its relay (§11.4), typed; the limits of the single messages are kept here. */
import type { Bytes, EnvelopeState, PrekeySet, PutEnvelope, RelayRequest, StoredRow } from '@waxwing/protocol';

/** Who belongs to the relay, and under which name. */
export interface MembershipRequests {
  /**
   * `token` (16) of an invite or contact link; none where this account is a member, or the relay is open to all. Gives
   * the name claimed there before.
   * @throws RelayFailure `invite-unknown`, `invite-used`, `invite-expired`, `too-fast` …
   */
  join(token?: Bytes): Promise<string | undefined>;
  /** Without `@`. @throws RelayFailure `name-invalid`, `name-taken` … */
  claim(name: string): Promise<void>;
  /** The account (32) that claimed a name: never proof of who it is. @throws RelayFailure `name-unknown` … */
  resolve(name: string): Promise<Bytes>;
  /** Registers H(token) of a contact link for 1..30 days; 0 withdraws it. @throws RelayFailure `too-fast` … */
  invite(tokenHash: Bytes, days: number): Promise<void>;
  /** One page of what the relay stores of this account, from `row` (from 0); `next` is 0 on the last one. */
  stored(row: number): Promise<StoredPage>;
  /** Everything of this account is deleted there; the channel ends after it. */
  leave(): Promise<void>;
}

export interface StoredPage {
  readonly rows: readonly StoredRow[];
  readonly next: number;
}

/** The statement of a device with its 100 entries, as they go to the relay (§9.1). */
export type PrekeyUpload = Omit<Extract<RelayRequest, { readonly op: 'prekeys' }>, 'op'>;

export interface PrekeyRequests {
  /** @throws RelayFailure `relay-refused` where the statement is not good, `too-fast` … */
  uploadPrekeys(upload: PrekeyUpload): Promise<void>;
  /**
   * Of each device of an account (32): with an entry for a start, or the bundle and statement alone.
   * @throws RelayFailure `account-unknown`, `prekeys-missing`, `too-fast` …
   */
  fetch(account: Bytes, withEntry: boolean): Promise<readonly PrekeySet[]>;
}

export interface MailboxRequests {
  /**
   * For each envelope in order 0 (on the relay's disk) or a code for `putRefusalOf`. The same ids may be put again.
   * @throws RelayFailure where the relay refused all, or a part of many, or nothing is known of them
   */
  put(envelopes: readonly PutEnvelope[]): Promise<readonly number[]>;
  /** From now on `deliver` events come, the oldest unconfirmed envelope first. */
  receive(): Promise<void>;
  /** These (16 each) are kept here, in a transaction that has ended: the relay deletes them. */
  confirm(ids: readonly Bytes[]): Promise<void>;
  /** These do not open (§9.4): the relay deletes them, and tells who put them. */
  unopenable(ids: readonly Bytes[]): Promise<void>;
  /** What the relay knows of each, in order. */
  status(ids: readonly Bytes[]): Promise<readonly EnvelopeState[]>;
  /** Passes an outer blob of L = 1024 to who is there, or drops it (§9.7). */
  signal(mailbox: Bytes, outer: Bytes): Promise<void>;
}

/**
 * Everything over one channel. Whatever was not answered when the channel ends fails with a passing `connection-cut`:
 * nothing is known of it. Requests that the relay refuses fail with its code.
 */
export interface RelayRequests extends MembershipRequests, PrekeyRequests, MailboxRequests {}
