/** A home's place at one relay: its conversations with people and rooms, sent and received through mailboxes (§9-§11). */
import type { Bytes, RelayLink } from '@waxwing/protocol';
import type { Watch } from '../connection/connection-trace.ts';
import type { Delivery } from '../direct/conversation.ts';
import type { PeerView } from '../direct/peer-view.ts';
import type { WaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { StoredMessage } from '../store/message.ts';
import type { DoctorReport } from './doctor-report.ts';
import type { RelayObserver } from './relay-event.ts';
import type { RelayMessage } from './relay-message.ts';
import type { RelayView } from './relay-view.ts';
import type { RoomView } from './room-view.ts';

export interface MessengerOptions {
  readonly home: Home;
  /** An address, invite link or contact link (§11.2); without it, the relay this home joined last. */
  readonly link?: RelayLink | undefined;
  readonly observe?: RelayObserver | undefined;
  readonly watch?: Watch | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Whether to tell others what was on screen (§9.6 `read`); the setting `receipts` of the home unless given. */
  readonly readReceipts?: boolean | undefined;
}

export interface JoinOptions {
  readonly home: Home;
  readonly link: RelayLink;
  /** The name to claim there, without `@`; `name-taken` does not undo the joining. */
  readonly name?: string | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** What `joinRelay` came to; `openMessenger` without a link takes this relay from now on. */
export interface JoinedRelay {
  readonly relay: RelayView;
  /** The owner of the contact link that was followed: verified by link. */
  readonly contact: PeerView | undefined;
  /** This home was a member before: no invite was used up. */
  readonly already: boolean;
}

/** How a messenger ended: by `close`, or because another channel of this device, a removal … ended it for good. */
export type MessengerEnd = { readonly how: 'closed' } | { readonly how: 'failed'; readonly error: WaxwingError };

/** Whom a conversation is with: an account (32) or a room (its id, 32). */
export type RelayConversationKey = { readonly account: Bytes } | { readonly room: Bytes };

/** A line of the list of conversations. */
export interface ConversationView {
  readonly key: RelayConversationKey;
  /** `@alice`, a petname, `#room`, or the beginning of a fingerprint: what `open` finds it by. */
  readonly title: string;
  readonly peer: PeerView | undefined;
  readonly room: RoomView | undefined;
  readonly unread: number;
  /** Queued or on the relay's disk, not yet delivered. */
  readonly pending: number;
  /** When something was last said, Unix ms; 0 where nothing was. */
  readonly lastAt: number;
  /** A request that waits for `accept` (§9.6). */
  readonly request: boolean;
  /** The name of the room that the request invites to (sanitise it). */
  readonly invitation: string | undefined;
}

/** A conversation through a relay; `send`, `post`, iteration … are those of a direct one. */
export interface RelayConversation extends AsyncIterable<RelayMessage> {
  readonly view: ConversationView;
  /** Resolves when the recipient has it on disk; in a room, when all members have. @throws WaxwingError */
  send(text: string): Promise<Delivery>;
  /** On the own disk, to be sent, in order. @throws WaxwingError `peer-changed`, `not-in-room`, `too-large` … */
  post(texts: readonly string[]): readonly number[];
  resend(numbers: readonly number[]): readonly number[];
  readonly pending: number;
  /** What was said here, oldest first, the newest `limit` (default 50) of what holds all words of `search`. */
  history(query?: { readonly limit?: number; readonly search?: string }): readonly StoredMessage[];
  /** Everything posted is on the relay's disk (`sent`), or delivered; false where `ms` ran out before. */
  flush(until: 'sent' | 'delivered', ms?: number): Promise<boolean>;
  /** Everything up to this number was on screen. */
  markRead(number: number): void;
  /** Tells the others that somebody types here, or no longer does; at most every 3 s goes out (§9.7). */
  typing(on: boolean): void;
}

/** What this relay stores about us, row by row as it says (`/leaks`). */
export interface StoredRow {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, value: Bytes | number])[];
}

export interface Messenger {
  readonly relay: RelayView;
  /** Resolves when the mailbox has been read empty for the first time after now; rejects when the messenger ends. */
  caughtUp(): Promise<void>;
  readonly ended: Promise<MessengerEnd>;
  /** @throws WaxwingError `name-taken`, `name-invalid` */
  claim(name: string): Promise<void>;
  /** Most recent first. */
  conversations(): readonly ConversationView[];
  /**
   * The conversation a user means: `@name` at this relay, `#room`, a petname, a fingerprint or its beginning.
   * @throws WaxwingError `name-unknown`, `name-ambiguous`, `peer-changed`, `peer-blocked`
   */
  open(who: string): Promise<RelayConversation>;
  conversationOf(key: RelayConversationKey): RelayConversation;
  /** How a peer is called here: its petname, `@name` where that is bound to it at this relay, `~nick`, or the beginning of its fingerprint. */
  titleOf(account: Bytes): string;
  /** A single-use link that lets its user in and verifies us to him (§11.2). */
  createContactLink(days: number): Promise<string>;
  /** Takes a request: what was kept is a conversation now, a room it invites to is entered, and its writer is answered. */
  accept(account: Bytes): void;
  /** Forgets a request and what was kept of it. Its writer is told nothing, and may ask again: `block` ends that. */
  refuse(account: Bytes): void;
  createRoom(name: string): Promise<RelayConversation>;
  /** `who` as in `open`. @throws WaxwingError `not-admin`, `room-full`, … */
  invite(room: Bytes, who: string): Promise<void>;
  remove(room: Bytes, who: string): Promise<void>;
  setRole(room: Bytes, who: string, role: 'admin' | 'member'): Promise<void>;
  renameRoom(room: Bytes, name: string): Promise<void>;
  /** Works in a forked room too. @throws WaxwingError `not-in-room`, `last-admin` */
  leaveRoom(room: Bytes): Promise<void>;
  /** Goes on in a forked room (§10.5) with the members shown here; false where there is nothing to decide. */
  settleRoom(room: Bytes): Promise<boolean>;
  stored(): AsyncIterable<StoredRow>;
  /** Looks at everything, mends what it can, and says the rest. */
  doctor(): Promise<DoctorReport>;
  /** Everything about us at the relay is deleted there (§11.4 `leave`); history stays here. */
  leaveRelay(): Promise<void>;
  /** What is queued goes out as far as it can within `ms` (default 10,000); then the channel is closed. */
  close(ms?: number): Promise<void>;
}
