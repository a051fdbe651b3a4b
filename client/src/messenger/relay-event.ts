/** What happens at a relay, as plain values: the interface shows them, a program may log or ignore them. */
import type { Bytes } from '@waxwing/protocol';
import type { PeerView } from '../direct/peer-view.ts';
import type { WaxwingError } from '../errors.ts';
import type { UnopenedEnvelope } from '../store/unopenable.ts';
import type { RelayMessage } from './relay-message.ts';
import type { RelayView } from './relay-view.ts';
import type { RoomView } from './room-view.ts';

/** Why an envelope of the mailbox did not open (§9.3, §9.4). Local detail: the relay learns only that it did not. */
export interface Unopenable {
  /** 16: the relay's id of it; of a quote (§9.6), which has none, the beginning of its hash. */
  readonly id: Bytes;
  readonly at: number;
  readonly code: UnopenedEnvelope['code'];
  readonly check: string;
  /** Whose session it is of, where that is known. */
  readonly peer: PeerView | undefined;
  /** The cause in words, and what was done or is to be done about it. */
  readonly cause: string;
  readonly next: string;
}

/** A conversation in which something happened: with an account, or a room. */
export type Where = { readonly peer: PeerView } | { readonly room: RoomView };

export type RelayEvent =
  | { readonly kind: 'connecting'; readonly relay: RelayView }
  /** The channel stands. `waiting` envelopes lie in the mailbox; the relay's clock minus the own is `clockOffset`, ms. */
  | {
      readonly kind: 'connected';
      readonly relay: RelayView;
      readonly waiting: number;
      readonly clockOffset: number;
      readonly again: boolean;
    }
  /** The mailbox was read empty. */
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'cut'; readonly error: WaxwingError }
  | { readonly kind: 'retrying'; readonly inMs: number; readonly error: WaxwingError }
  /** Passed every check and is on disk. */
  | { readonly kind: 'message'; readonly message: RelayMessage }
  /** Own messages: on the relay's disk; on the recipient's; shown there. In a room: at all members. */
  | { readonly kind: 'sent' | 'delivered' | 'read'; readonly numbers: readonly number[] }
  /** Own messages that wait: the recipient has been away for 30 days, its mailbox is full … They are kept. */
  | { readonly kind: 'held-back'; readonly numbers: readonly number[]; readonly error: WaxwingError }
  /** Own messages that are sent once more, and why (a lost session, 30 days away, a new device). */
  | { readonly kind: 'sent-anew'; readonly numbers: readonly number[]; readonly reason: string }
  /** Own messages given up on, with a next step (§9.4). */
  | { readonly kind: 'not-delivered'; readonly numbers: readonly number[]; readonly error: WaxwingError }
  /** An account that nobody here knows wrote: one message, to be accepted (§9.6). */
  | { readonly kind: 'request'; readonly message: RelayMessage }
  /**
   * One whom nobody here knows asks to be heard, and brings no message to be shown: `invitation`, the name of a room that it
   * invites to (sanitise it); undefined: it said several things at once, shows a used link, or is known from rooms alone.
   */
  | { readonly kind: 'asks'; readonly peer: PeerView; readonly invitation: string | undefined }
  /** No more requests can wait (§12): so many messages of other strangers were turned away. At most once an hour. */
  | { readonly kind: 'requests-full'; readonly turnedAway: number }
  /**
   * A contact link of one's own came in use: `first seen (used your link of DATE)`. `again`: somebody else had used it;
   * `ended`: its days were over. By such a link nobody is let in.
   */
  | {
      readonly kind: 'link-used';
      readonly peer: PeerView;
      readonly made: number;
      readonly again: boolean;
      readonly ended: boolean;
    }
  | { readonly kind: 'new-device'; readonly peer: PeerView }
  /** Another account answers under a name that is pinned (`@alice` at this relay): sending is blocked. */
  | { readonly kind: 'changed'; readonly name: string; readonly error: WaxwingError }
  /** The relay has nobody of a name that is pinned: it goes on meaning this account here. */
  | { readonly kind: 'name-given-up'; readonly name: string; readonly peer: PeerView }
  /** A session was started without a one-time prekey (§9.2). */
  | { readonly kind: 'weak-start'; readonly peer: PeerView }
  | { readonly kind: 'typing'; readonly where: Where; readonly peer: PeerView; readonly on: boolean }
  | { readonly kind: 'nick'; readonly peer: PeerView }
  | { readonly kind: 'unopenable'; readonly unopenable: Unopenable }
  | { readonly kind: 'quarantined'; readonly peer: PeerView }
  /** The state of a room moved on: who did what, in words of §10.1's table. */
  | {
      readonly kind: 'room';
      readonly room: RoomView;
      readonly change: 'create' | 'add' | 'remove' | 'leave' | 'role' | 'name' | 'fresh';
      readonly by: PeerView | 'me';
      /** The members it concerns (added, removed, left, with another role). */
      readonly members: readonly (PeerView | 'me')[];
    }
  /** Two states with one predecessor (§10.5). `alarm`: both by one author; nothing is sent there any more. */
  | { readonly kind: 'fork'; readonly room: RoomView; readonly alarm: boolean; readonly sentence: string }
  /** The home could not keep something: the relay was told nothing, it will come again. */
  | { readonly kind: 'storage'; readonly error: WaxwingError }
  /** This home is an older copy (§9.4). */
  | { readonly kind: 'restored-copy'; readonly peer: PeerView | undefined };

export type RelayObserver = (event: RelayEvent) => void;
