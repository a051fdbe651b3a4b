/** What can be changed in the relay's store, one at a time or many in one commit, and what comes of it. */
import type { Bytes, PrekeySet, PutEnvelope, RefusalCode } from '@waxwing/protocol/wire';

interface Refused {
  readonly refusal: RefusalCode;
}

/** A mailbox that was deleted, with the ids of what was waiting in it. */
export interface GoneMailbox {
  readonly mailbox: Bytes;
  readonly ids: readonly Bytes[];
}

/** Every change, by its kind, with its outcome: `refusal` is the code that the asker gets (§11.4). */
interface Changes {
  /** The relay's own keys. */
  identity: {
    change: { readonly accountPublic: Bytes; readonly accountPrivate: Bytes; readonly device: Bytes };
    outcome: undefined;
  };
  /** A member's new device takes the old one's place: `replaced` is what is gone with that. */
  join: {
    change: {
      readonly account: Bytes;
      readonly device: Bytes;
      readonly mailbox: Bytes;
      readonly bundle: Bytes;
      /** H(token); undefined where none was shown. */
      readonly tokenHash: Bytes | undefined;
      /** Nobody needs a token. */
      readonly open: boolean;
      readonly today: number;
    };
    outcome: Refused | { readonly name: string | undefined; readonly replaced: GoneMailbox | undefined };
  };
  /** A renewed certificate of the device that is here. */
  renew: { change: { readonly account: Bytes; readonly device: Bytes; readonly bundle: Bytes }; outcome: undefined };
  claim: { change: { readonly account: Bytes; readonly name: string }; outcome: Refused | undefined };
  /** Account, device, prekeys and mailbox; waiting ids become "its mailbox is gone". */
  leave: {
    change: { readonly account: Bytes; readonly today: number };
    outcome: GoneMailbox | undefined;
  };
  /** `limit`: how many an account may have open; undefined for the operator's. */
  invite: {
    change: {
      readonly tokenHash: Bytes;
      readonly uses: number;
      readonly ends: number;
      readonly today: number;
      readonly account: Bytes | undefined;
      readonly limit: number | undefined;
    };
    outcome: Refused | undefined;
  };
  withdraw: { change: { readonly tokenHash: Bytes; readonly account: Bytes }; outcome: undefined };
  /** Refused where the counter is not above the stored one. */
  prekeys: {
    change: {
      readonly mailbox: Bytes;
      readonly counter: number;
      readonly statement: Bytes;
      readonly signature: Bytes;
      /** Leaf hashes of all entries, joined: paths are made of them after entries are gone. */
      readonly leaves: Bytes;
      readonly keys: readonly { readonly opk: Bytes; readonly ek: Bytes }[];
    };
    outcome: Refused | undefined;
  };
  /** Takes the entry of the lowest index where one is wanted and left. */
  fetch: {
    change: {
      readonly account: Bytes;
      /** `bare`: bundle and statement as they are; `last-resort`: without an entry; `entry`: with one. */
      readonly want: 'bare' | 'last-resort' | 'entry';
    };
    outcome: Refused | { readonly set: PrekeySet; readonly mailbox: Bytes; readonly left: number };
  };
  /** Per envelope: 0, or 12, 13, 17. */
  put: {
    change: {
      readonly envelopes: readonly PutEnvelope[];
      readonly goes: number;
      readonly quota: { readonly envelopes: number; readonly bytes: number };
    };
    outcome: readonly number[];
  };
  /** Of one's own mailbox; `unopenable` keeps the ids as such until `goes`, if at all. */
  confirm: { change: { readonly mailbox: Bytes; readonly ids: readonly Bytes[] }; outcome: undefined };
  unopenable: {
    change: { readonly mailbox: Bytes; readonly ids: readonly Bytes[]; readonly goes: number | undefined };
    /** Those that were waiting. */
    outcome: readonly Bytes[];
  };
  /** Envelopes, notices and invites whose day has passed. */
  expire: { change: { readonly today: number }; outcome: { readonly envelopes: number } };
}

export type ChangeKind = keyof Changes;

export type Change<Kind extends ChangeKind = ChangeKind> = {
  [K in Kind]: { readonly kind: K } & Changes[K]['change'];
}[Kind];

export type OutcomeOf<C> = C extends { readonly kind: infer Kind extends ChangeKind }
  ? Changes[Kind]['outcome']
  : never;

/** Whether a change was refused, and with which code. */
export function isRefused(outcome: object | undefined): outcome is Refused {
  return outcome !== undefined && 'refusal' in outcome;
}
