/** Peers: who they are, what the user calls them, which account stands behind a name, and what changed when. */
import type { Bundle, Bytes } from '@waxwing/protocol';

export interface Peer {
  /** 32 bytes. */
  readonly account: Bytes;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** SPKI of the account key; unknown for an account accepted by fingerprint and not yet met. */
  readonly accountKey: Bytes | undefined;
  /** The user's own name for this peer: unique, NFC, at most 64 characters, without control characters. */
  readonly petname: string | undefined;
  /** What the peer calls itself. A claim, never an identity. */
  readonly nick: string | undefined;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly verifiedAt: number | undefined;
  readonly verifiedHow: VerifiedHow | undefined;
  readonly blockedAt: number | undefined;
  /** Names pinned to this account. */
  readonly pins: readonly string[];
}

export type VerifiedHow = 'safety-number' | 'sas' | 'fingerprint' | 'link';

export interface Peers {
  /**
   * Records that this peer was met: first and last seen, the device's bundle and serial.
   * @throws WaxwingError `peer-rollback` where the bundle is older than one already seen of that device (§2)
   */
  meet(bundle: Bundle): Peer;
  get(account: Bytes): Peer | undefined;
  list(): readonly Peer[];
  /**
   * The peer a user means: petname, fingerprint or an unambiguous beginning of one (4 characters at least), or a
   * pinned name.
   * @throws WaxwingError `name-unknown`, `name-ambiguous`
   */
  find(text: string): Peer;
  /** Gives or (undefined) takes a petname. @throws WaxwingError `name-taken`, `name-invalid`, `name-unknown` */
  rename(account: Bytes, petname: string | undefined): Peer;
  /** Keeps the nick a peer claims, sanitised and cut to 64 characters; the result is what was kept. */
  claimNick(account: Bytes, nick: string): string;
  /** The user compared this peer's key. An account not yet met is remembered as verified. */
  verify(account: Bytes, how: VerifiedHow): Peer;
  block(account: Bytes): Peer;
  unblock(account: Bytes): Peer;
  /** Deletes name, verification, pins, and bundles. A block, serials, chains and history stay (§2, §5.2). */
  forget(account: Bytes): void;
}

/** A name bound to an account: for a client `host:port` as typed, for a relay its fingerprint + @name. */
export interface Pin {
  readonly name: string;
  readonly account: Bytes;
  readonly fingerprint: string;
  readonly since: number;
  readonly lastSeen: number;
}

export interface Verdict {
  readonly state: 'verified' | 'first seen' | 'changed';
  /** Nobody compared this key and it was not known under this name (without a name: not known at all) before. */
  readonly firstContact: boolean;
  /** The user blocked this account. */
  readonly blocked: boolean;
  /** What the name was bound to before this verdict. */
  readonly pinned: Pin | undefined;
}

export interface Pins {
  /** Where this account's key comes from. Changes nothing. Without a name there is no pin to break. */
  verdict(name: string | undefined, account: Bytes): Verdict;
  /** Binds a free name, or refreshes its last-seen time. @throws WaxwingError `peer-changed` */
  pin(name: string, account: Bytes): void;
  /** Logs that another account came up under a pinned name. */
  noteChanged(name: string, presented: Bytes): void;
  /** The user decided: the name is this account from now on. */
  accept(name: string, account: Bytes): Pin;
  get(name: string): Pin | undefined;
  list(): readonly Pin[];
  remove(name: string): void;
}

export type PeerEventKind =
  | 'pinned'
  | 'changed' // another account came up under a pinned name
  | 'accepted'
  | 'verified'
  | 'renamed'
  | 'blocked'
  | 'unblocked'
  | 'forgotten'
  | 'quarantined'
  | 'own-account-rotated'
  | 'own-device-rotated'
  | 'restored';

/** Something that changed, and when. */
export interface PeerEvent {
  readonly at: number;
  readonly kind: PeerEventKind;
  /** The account concerned (for `changed`: the one that was presented). */
  readonly account: Bytes | undefined;
  /** The pinned name concerned. */
  readonly name: string | undefined;
  /** The account that stood there before (`changed`, `accepted`). */
  readonly before: Bytes | undefined;
  /** How it was verified, the old and new petname … */
  readonly detail: string | undefined;
}

export interface Events {
  add(kind: PeerEventKind, what: Partial<Omit<PeerEvent, 'at' | 'kind'>>): void;
  /** Newest first. */
  list(options?: { readonly account?: Bytes; readonly name?: string; readonly limit?: number }): readonly PeerEvent[];
}
