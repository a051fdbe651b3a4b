/** Invitations into rooms, of accounts that nobody here knows (§9.6): they wait for the user's word. */
import type { Bytes } from '@waxwing/protocol';

export interface RoomInvitation {
  /** Who invites: 32, and the device that brought it, 16. */
  readonly account: Bytes;
  readonly device: Bytes;
  /** The item `application/waxwing-room` as it came. */
  readonly body: Bytes;
  readonly at: number;
}

export interface RoomInvitations {
  /** One of each account, the newest; it goes with the contact. */
  keep(relay: Bytes, invitation: RoomInvitation): void;
  get(relay: Bytes, account: Bytes): RoomInvitation | undefined;
  /** The oldest comes first. */
  list(relay: Bytes): readonly RoomInvitation[];
  remove(relay: Bytes, account: Bytes): void;
}
