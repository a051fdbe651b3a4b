/** A room as it is shown (§10). */
import type { Bytes } from '@waxwing/protocol';
import type { PeerView } from '../direct/peer-view.ts';

export interface RoomMember {
  readonly peer: PeerView | 'me';
  readonly role: 'admin' | 'member';
  /** The state in which it is there, by its epoch. */
  readonly device: Bytes;
}

export interface RoomView {
  /** 32 */
  readonly id: Bytes;
  /** Its name inside envelopes, sanitise it; `#name` finds it, with a piece of its id where two have one name. */
  readonly name: string;
  readonly epoch: number;
  readonly members: readonly RoomMember[];
  /** `left`, `removed`: nothing can be said there any more; `fork`: two states by one author, the user has to decide. */
  readonly standing: 'member' | 'left' | 'removed' | 'fork';
  /** Who made the state that forks the room, while the user has not decided (`fork`). */
  readonly forkedBy: PeerView | 'me' | undefined;
  /** Messages held until their state comes (§10.5). */
  readonly held: number;
}
