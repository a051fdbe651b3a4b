/** Relays that this home belongs to, and the accounts it reaches there (§11). */
import type { Bytes, KnownSerial } from '@waxwing/protocol';

export interface StoredRelay {
  /** 32 */
  readonly account: Bytes;
  readonly host: string;
  readonly port: number;
  /** Claimed there, without `@`. */
  readonly name: string | undefined;
  readonly joinedAt: number;
}

export interface Relays {
  /** Remembers a relay as joined, or its new address. It is the last one used then. */
  join(relay: Pick<StoredRelay, 'account' | 'host' | 'port'>): StoredRelay;
  get(account: Bytes): StoredRelay | undefined;
  /** The one used last comes first. */
  list(): readonly StoredRelay[];
  setName(account: Bytes, name: string | undefined): void;
  /** The newest certificate seen of a device (16) of a relay, whether or not this home has joined it. */
  knownSerial(account: Bytes, device: Bytes): KnownSerial | undefined;
  noteSerial(account: Bytes, device: Bytes, serial: KnownSerial): void;
  /** With the contacts there; sessions and history stay. */
  leave(account: Bytes): void;
}

/** An account reached at a relay. */
export interface Contact {
  readonly account: Bytes;
  /** The device (16) that is written to; undefined before one was found. */
  readonly device: Bytes | undefined;
  /**
   * `request`: it wrote first and nobody here knows it; the user has not said yes (§9.6). `member`: it is known from rooms
   * alone: what is of these goes between us, and private messages of its are a request.
   */
  readonly standing: 'open' | 'request' | 'member';
  /** What it calls itself, cleaned, from before it was a peer: a claim. */
  readonly nick: string | undefined;
  /** 16: told with every flight until the peer has one (§11.2). */
  readonly linkProof: Bytes | undefined;
  readonly since: number;
}

export interface Contacts {
  get(relay: Bytes, account: Bytes): Contact | undefined;
  list(relay: Bytes): readonly Contact[];
  /** Those that wait for the user's word; not those of blocked accounts. */
  countRequests(relay: Bytes): number;
  /** Makes one, or gives it this standing. What is known of it already stays. */
  add(relay: Bytes, account: Bytes, standing: Contact['standing']): Contact;
  setDevice(relay: Bytes, account: Bytes, device: Bytes): void;
  /** Cleaned and cut as a peer's. */
  claimNick(relay: Bytes, account: Bytes, nick: string): void;
  /** Undefined once the peer has it. */
  setLinkProof(relay: Bytes, account: Bytes, proof: Bytes | undefined): void;
  remove(relay: Bytes, account: Bytes): void;
}
