/** What goes into and comes out of a room (§10): flights, items for pairwise sessions, and what a taken state brought. */
import type { Bytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import type { ProtocolError } from '../errors.ts';
import type { InnerEnvelope } from '../outer/inner.ts';
import type { RoomChange } from '../rooms/change.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { OpenedFlight, OutgoingItem, SealedFlight } from './flight.ts';

/** The copy of a flight for one member: sealed alone (§11.3). */
export interface RoomCopy {
  readonly to: Party;
  readonly inner: InnerEnvelope;
}

export interface SealedRoomFlight extends Omit<SealedFlight, 'envelope'> {
  /** The state it was sealed in, 32. */
  readonly state: Bytes;
  readonly copies: readonly RoomCopy[];
  /** Members without a copy, because no certificate of theirs is known: they are sent it later, as a quote. */
  readonly without: readonly Party[];
}

export interface OpenedRoomFlight extends OpenedFlight {
  /** Who signed it. */
  readonly author: { readonly account: Bytes; readonly device: Bytes };
  /** The state it was written in, 32, and its epoch. */
  readonly state: Bytes;
  readonly epoch: number;
  /** One that was missing: it is shown as `arrived late`. */
  readonly late: boolean;
  /** Written in an earlier epoch, before the member list changed: who was removed since may have read it. */
  readonly writtenBefore: boolean;
  /** Written in a state that did not last (§10.5). */
  readonly lost: boolean;
}

/** An item for one device, in the pairwise session with it. */
export interface ItemTo {
  readonly to: Party;
  readonly item: OutgoingItem;
}

/** What making a state or leaving leaves to be sent. */
export interface MadeItems {
  /** The new state. */
  readonly state: RoomState;
  /** One for each other member before and after; with the secret for those who are members now. */
  readonly items: readonly ItemTo[];
}

/** Messages that waited for a state. */
export interface OpenedHeld {
  /** In the order in which they came. */
  readonly opened: readonly OpenedRoomFlight[];
  /** Those that did not open: they are gone. */
  readonly refused: readonly { readonly envelope: Bytes; readonly error: ProtocolError }[];
}

export interface TakenRoomState extends OpenedHeld {
  readonly state: RoomState;
  /** `newest`: it is sent in from now on. `lost`: another one won where they parted. `earlier`: neither. */
  readonly place: 'newest' | 'earlier' | 'lost';
  /** Whether it was held before: nothing but a secret can be new then. */
  readonly held: boolean;
  /** States that lasted before, and that this one has undone: everyone is told of them. */
  readonly undone: readonly RoomState[];
  /** Changes of one's own that did not last, to be made again where they still may be. */
  readonly again: readonly RoomChange[];
}
