/** Sealing and opening the messages of one conversation over one live channel: ratchet, envelope and chain together. */
import type { Bytes } from '../bytes.ts';
import type { Bundle } from '../keys/bundle.ts';
import type { Device } from '../keys/device.ts';
import type { Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';
import type { ChainState, ControlEntry, OpenedFlight, OutgoingItem, SealedFlight } from './flight.ts';

/** What a conversation takes from a finished handshake (§3); a HandshakeResult is one. */
export interface EstablishedSession {
  readonly role: 'server' | 'client';
  /** Milliseconds, the peer's clock minus the own. */
  readonly clockOffset: number;
  readonly root: SecretKey;
  readonly sid: Bytes;
  readonly ownDh: X25519PrivateKey;
  readonly peerDh: Bytes;
}

export interface LiveConversationOptions {
  readonly device: Device;
  readonly peer: Bundle;
  readonly handshake: EstablishedSession;
  readonly chain: ChainState;
  /** Unix milliseconds. */
  readonly now: number;
  /** A monotonic clock in milliseconds: gives the proof its durations. */
  readonly stopwatch?: (() => number) | undefined;
}

export interface FlightToSeal {
  readonly items: readonly OutgoingItem[];
  readonly ctl?: readonly ControlEntry[] | undefined;
  readonly now: number;
}

/**
 * One conversation over one live channel. It dies with the channel: its ratchet is never stored. Calls of `seal` are
 * serialised among themselves, and so are calls of `open`; the two directions do not wait for each other.
 */
export declare class LiveConversation {
  constructor(p: Primitives, options: LiveConversationOptions);
  /** After the last sealed and the last accepted (or too old) flight. */
  get chain(): ChainState;
  /** Failures of steps 2-5 behind a good HMAC. The caller adds them up over channels: QUARANTINE_AFTER of them (§5.4). */
  get failuresBehindHmac(): number;
  /** Whether a flight with one empty item of TYPE_STEP is due, so that one-way talk heals too (§6). */
  stepDue(now: number): boolean;
  /**
   * @throws ProtocolError `limit` before anything changed, where the flight is over a limit or not well-formed
   */
  seal(flight: FlightToSeal): Promise<SealedFlight>;
  /**
   * @throws ProtocolError `envelope-0`, `-1`, `-3`, `-4`, `-5`: the channel ends with the reject frame
   */
  open(envelope: Uint8Array, now: number): Promise<OpenedFlight>;
}
