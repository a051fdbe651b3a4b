/** Chains of statements (§5.2): where the two sequences between an own device and a peer's device stand. */
import type { Bytes } from '@waxwing/protocol';

/** Names a chain: one own device and one device of a peer. */
export interface ChainKey {
  /** Own device id, 16. */
  readonly ownDevice: Bytes;
  /** The peer's account, 32. */
  readonly account: Bytes;
  /** The peer's device id, 16. */
  readonly peerDevice: Bytes;
}

/** A place in a sequence: the last seq and the hash (32) of its statement. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: Bytes;
}

/** What the store keeps of a chain. `sent` is seq 0 and zeros, `received` undefined, before the first. */
export interface StoredChain {
  readonly sent: ChainPoint;
  /** The highest sent seq that the peer said it accepted. */
  readonly acknowledged: number;
  readonly received: ChainPoint | undefined;
  /** Failures of checks 2-5 behind a good HMAC, counted per peer device (§5.4). */
  readonly failuresBehindHmac: number;
  readonly quarantinedAt: number | undefined;
}

/** A chain is never deleted, not even with its peer: a sequence number must never be used twice (§5.2). */
export interface Chains {
  /** The stored chain, or a new one's start values. */
  get(key: ChainKey): StoredChain;
  /** Commits the last sent place: before the flight leaves. A seq that does not rise throws `home-damaged`. */
  setSent(key: ChainKey, point: ChainPoint): void;
  /** Commits the last received place. */
  setReceived(key: ChainKey, point: ChainPoint): void;
  /** Counts a failure behind a good HMAC; true where this one quarantined the peer (§5.4, QUARANTINE_AFTER). */
  countFailure(key: ChainKey): boolean;
  /** Ends a quarantine and its count. */
  release(key: ChainKey): void;
  /** All chains of an account, of any own device. */
  list(account: Bytes): readonly (ChainKey & StoredChain)[];
}
