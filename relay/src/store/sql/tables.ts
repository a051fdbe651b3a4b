/** The tables of `migrations/`, as kysely types queries by them. */
import type { Transaction } from 'kysely';

export interface RelayTables {
  relay: { one: number; account_public: Uint8Array; account_private: Uint8Array; device: Uint8Array };
  accounts: {
    account: Uint8Array;
    device: Uint8Array;
    mailbox: Uint8Array;
    name: string | null;
    bundle: Uint8Array;
    joined: number;
  };
  invites: { token_hash: Uint8Array; uses: number; ends: number; account: Uint8Array | null };
  prekeys: {
    mailbox: Uint8Array;
    counter: number;
    statement: Uint8Array;
    signature: Uint8Array;
    leaves: Uint8Array;
  };
  entries: { mailbox: Uint8Array; number: number; opk: Uint8Array; ek: Uint8Array };
  envelopes: { id: Uint8Array; mailbox: Uint8Array; number: number; sealed: Uint8Array; goes: number };
  notices: { id: Uint8Array; state: number; goes: number };
}

/** The transaction that a change is part of. */
export type Tx = Transaction<RelayTables>;
