/** What a home keeps of rooms (§10): written row by row, in the transaction of whatever changed it. */
import type { Bytes, Party, StoredRoom } from '@waxwing/protocol';

/** What of a room's rows is new, and what is gone; the row of the room itself is always written. */
export interface RoomRowsChange {
  readonly added: StoredRoom;
  readonly removed: Omit<StoredRoom, 'room'>;
}

/** One of the own flights, and a member who has not confirmed it. */
export interface UnconfirmedCopy extends Party {
  readonly seq: number;
}

export interface Rooms {
  list(relay: Bytes): readonly Bytes[];
  load(room: Bytes): StoredRoom | undefined;
  save(at: { readonly relay: Bytes; readonly room: Bytes }, change: RoomRowsChange): void;
  /** A flight was sealed for these members. */
  expect(room: Bytes, seq: number, members: readonly Party[]): void;
  /** Own flights that are not confirmed, by this member or by any. */
  unconfirmed(room: Bytes, member?: Party): readonly UnconfirmedCopy[];
  /** These need not be confirmed any more. The seqs of which nobody's word is missing now, ascending. */
  confirm(room: Bytes, copies: readonly UnconfirmedCopy[]): readonly number[];
  /** Whether somebody has not confirmed the item that brings him this state's secret. */
  isTold(state: Bytes): boolean;
  /** The newest three of a device are kept. */
  addBundle(bundle: Party & { readonly serial: number; readonly bytes: Bytes }): void;
  /** Newest first. */
  bundles(of: Party): readonly Bytes[];
}

/** What came before it could be understood: an envelope of a room that is not known, or a state whose predecessor is not. */
export interface RoomStray {
  readonly number: number;
  /** 16: the room as envelopes name it. */
  readonly address: Bytes;
  /** The device that brought a state; undefined for an envelope. */
  readonly from: { readonly account: Bytes; readonly device: Bytes } | undefined;
  readonly bytes: Bytes;
  readonly at: number;
}

export interface RoomStrays {
  /** False where there is no room for it, in number or in size; what is past its time goes first. */
  add(stray: Omit<RoomStray, 'number'>): boolean;
  /** In the order in which they came. */
  of(address: Bytes): readonly RoomStray[];
  remove(numbers: readonly number[]): void;
  /** Of all rooms. */
  count(): number;
}
