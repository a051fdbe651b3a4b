/** The state of one side of a ratchet (§6), as immutable values: a step makes a new one, the old one stays as it was. */
import type { Bytes } from '../bytes.ts';
import type { SecretKey, X25519PrivateKey } from '../primitives.ts';
import type { PqState } from './pq-state.ts';

/** An account and one device of it: who stands at an end of a ratchet. */
export interface DeviceName {
  /** H(account SPKI), 32. */
  readonly account: Uint8Array;
  /** 16. */
  readonly device: Uint8Array;
}

/** What the header of an envelope says about the ratchet (§5). */
export interface RatchetHeader {
  /** The sender's ratchet key, 32. */
  readonly dh: Bytes;
  /** Messages in the sender's chain before this one. */
  readonly pn: number;
  /** Place in this chain, from 0. */
  readonly n: number;
  /** Post-quantum epoch. */
  readonly pe: number;
}

export interface OwnKeyPair {
  readonly privateKey: X25519PrivateKey;
  readonly publicKey: Bytes;
}

export interface SendingChain {
  readonly kind: 'ready';
  readonly chain: SecretKey;
  readonly pn: number;
  /** Of the next message. */
  readonly n: number;
}

/**
 * A new key of the peer is there and the answering step not yet taken: it is taken by the next send. The wire cannot tell
 * the difference, an unauthenticated header costs one X25519 less, and the new pair is drawn as late as it can be.
 */
export interface StepDue {
  readonly kind: 'due';
  readonly pn: number;
}

export interface ReceivingChain {
  readonly dh: Bytes;
  readonly chain: SecretKey;
  readonly pn: number;
  /** Of the next message: also how many were received in this chain. */
  readonly n: number;
}

export interface RatchetState {
  readonly root: SecretKey;
  readonly own: OwnKeyPair;
  readonly sending: SendingChain | StepDue;
  /** Undefined at a client that has received nothing. */
  readonly receiving: ReceivingChain | undefined;
  readonly pq: PqState;
  /** Flights received since the last one sent, and when that was: a side that only listens owes a step flight. */
  readonly heard: number;
  readonly spokeAt: number;
}
