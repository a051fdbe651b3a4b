/** What goes into and comes out of a conversation: flights of items (§5.1) and their place in the chain (§5.2). */
import type { Bytes } from '../bytes.ts';
import type { VoidRange } from '../envelope/freshness.ts';
import type { ControlEntry, Item } from '../envelope/payload.ts';
import type { Proof } from '../envelope/proof.ts';

/** One item to send. `opening` (32) is given to send an item again under its old id, and drawn anew otherwise. */
export interface OutgoingItem {
  /** Media type, 1..64 characters of `[\x21-\x7e]`. */
  readonly type: string;
  /** `text/plain` must be valid UTF-8; it may be empty. */
  readonly body: Uint8Array;
  readonly opening?: Uint8Array | undefined;
}

/** One item of a flight. `id` = H(opening ‖ type ‖ "\n" ‖ body): the message's id, the same when it is sent again. */
export interface FlightItem extends Item {
  readonly id: Bytes;
}

/** The last flight of one direction: its seq and H(its statement). Before the first: 0 and 32 zeros. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: Bytes;
}

/**
 * Both ends of the two chains between this device and the peer's. It outlives channels: store `sent` before the envelope
 * leaves and `received` before the flight is shown.
 */
export interface ChainState {
  readonly sent: ChainEnd;
  /** Undefined before anything was received. */
  readonly received: ChainEnd | undefined;
}

export type { VoidRange } from '../envelope/freshness.ts';
export type { ControlEntry } from '../envelope/payload.ts';

export interface SealedFlight {
  readonly envelope: Bytes;
  readonly seq: number;
  readonly items: readonly FlightItem[];
  /** The signed text (§5.2), as bytes. */
  readonly statement: Bytes;
  readonly statementHash: Bytes;
  readonly signature: Bytes;
  /** c_1 … c_count, each 32. */
  readonly commitments: readonly Bytes[];
  readonly sent: number;
  readonly ttl: number;
}

export interface OpenedFlight {
  /** `too-old`: everything held but the age. Nothing may be shown, seq and prev moved on, [7, seq] tells the sender. */
  readonly outcome: 'accepted' | 'too-old';
  readonly seq: number;
  /** Empty when too old. An item of type `application/waxwing-step` is never shown. */
  readonly items: readonly FlightItem[];
  /** Flights missing before this one that no void covers. */
  readonly gap: number;
  readonly voids: readonly VoidRange[];
  /** What the sender put beside the items; unknown names are to be ignored (§5). Empty when too old. */
  readonly ctl: readonly ControlEntry[];
  /** Milliseconds on the clock both ends agreed on; may be negative (§5.5). */
  readonly age: number;
  readonly sent: number;
  readonly ttl: number;
  /** H of the sender's statement before this one, 32. */
  readonly prev: Bytes;
  readonly statement: Bytes;
  readonly statementHash: Bytes;
  readonly signature: Bytes;
  readonly commitments: readonly Bytes[];
  readonly proof: Proof;
}
