/** The store: what a home remembers, as a handful of small ports. Adapter: `sqlite/`. */
import type { Chains } from './chain.ts';
import type { ContactLinks } from './contact-link.ts';
import type { Errands } from './errand.ts';
import type { Mail } from './mail.ts';
import type { Mailboxes } from './mailbox.ts';
import type { History, Outbox } from './message.ts';
import type { Events, Peers, Pins } from './peer.ts';
import type { Posted } from './posted.ts';
import type { Prekeys } from './prekeys.ts';
import type { Contacts, Relays } from './relay.ts';
import type { Rooms, RoomStrays } from './room.ts';
import type { RoomInvitations } from './room-invitation.ts';
import type { UnopenedEnvelopes } from './unopenable.ts';

/** Settings of a home: short texts under known names. */
export type SettingName = 'nick' | 'keep-days' | (string & {});

export interface Settings {
  get(name: SettingName): string | undefined;
  set(name: SettingName, value: string): void;
  delete(name: SettingName): void;
  list(): ReadonlyMap<string, string>;
}

/**
 * Every method is synchronous and durable when it returns (or, inside `transaction`, when that returns); the few of which
 * it is said otherwise outlive a crash of the program all the same, and of the machine after the next commit. Failures of
 * the disk are WaxwingErrors `disk-full`, `home-read-only`, `home-io`, `home-damaged`; then nothing was changed.
 */
export interface Store {
  /** Runs `fn` as one commit, one fsync; nested calls are savepoints. `fn` must be synchronous. */
  transaction<T>(fn: () => T): T;
  /** Forces onto the disk what was not yet: after an `enqueue` with `leavesAtOnce` that no other commit followed. */
  flush(): void;
  readonly chains: Chains;
  readonly peers: Peers;
  readonly pins: Pins;
  readonly events: Events;
  readonly outbox: Outbox;
  readonly history: History;
  readonly settings: Settings;
  readonly relays: Relays;
  readonly contacts: Contacts;
  readonly contactLinks: ContactLinks;
  readonly mailboxes: Mailboxes;
  readonly prekeys: Prekeys;
  readonly posted: Posted;
  readonly errands: Errands;
  readonly mail: Mail;
  readonly rooms: Rooms;
  readonly roomStrays: RoomStrays;
  readonly roomInvitations: RoomInvitations;
  readonly unopened: UnopenedEnvelopes;
}
