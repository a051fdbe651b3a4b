/** Requests (§9.6): what of strangers is kept until the user has said whether to hear them, and how many may wait. */
import { type Bytes, equalBytes, MAX_REQUESTS, REQUESTS_TOLD_EVERY, toHex } from '@waxwing/protocol';
import type { OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import { isKnown, type Place } from './place.ts';

/**
 * What becomes of a stranger's flight. `kept`: it is the request. `later`: one is open already, and this flight is to come
 * again once it is accepted. `away`: nothing of it is kept, as if it had not come; `full`: so it is because there is no place.
 */
export type Admission = 'kept' | 'later' | 'away' | 'full';

/**
 * What a flight of a stranger asks for: a message or an invitation to be kept, or leave to say what does not fit into a
 * request (several messages at once, a visit by a link that is used up, what a member of a room says privately).
 */
export type Asking = 'message' | 'leave' | 'nothing';

export class RequestBook {
  readonly #place: Place;
  /** Whether an account is in a room with us. */
  readonly #isMember: (account: Bytes) => boolean;
  /** Requests that began in this batch: accounts (hex), and the device that brought each. */
  readonly #begun = new Map<string, Bytes>();
  /** Accounts (hex) of which this batch keeps something. */
  readonly #filled = new Set<string>();
  /** Flights turned away since that was told last. */
  #turnedAway = 0;
  #quiet: NodeJS.Timeout | undefined;

  constructor(place: Place, isMember: (account: Bytes) => boolean) {
    this.#place = place;
    this.#isMember = isMember;
  }

  /** A batch of the mailbox begins: what the last one kept is on disk, or was undone. */
  begin(): void {
    this.#begun.clear();
    this.#filled.clear();
  }

  /** To be asked once for each flight of an account that is not heard here. */
  admit({ key: { account, peerDevice } }: Pick<Pair, 'key'>, asking: Asking): Admission {
    const { store, relay } = this.#place;
    const name = toHex(account);
    const contact = store.contacts.get(relay, account);
    const open = this.#begun.has(name) || contact?.standing === 'request';
    const device = this.#begun.get(name) ?? contact?.device;
    // Who has one account can make devices without end: of a request that of one is kept.
    const isOther = open && device !== undefined && !equalBytes(device, peerDevice);
    if (isOther || (!open && asking === 'nothing')) return 'away';
    if (open && (asking !== 'message' || this.#holds(account))) return 'later';
    if (!open && this.#waiting() >= MAX_REQUESTS) return 'full';
    if (!open) this.#begun.set(name, peerDevice);
    if (asking === 'message') this.#filled.add(name);
    return 'kept';
  }

  /** One more had no place: told at once, then once an hour at most, with how many they were. */
  readonly turnedAway: OpenedMail = {
    commit: () => undefined,
    show: () => {
      this.#turnedAway += 1;
      if (this.#quiet === undefined) this.#tell();
    },
  };

  /** The request is forgotten, with what was kept of it; its sender may ask again, and is told nothing. */
  refuse(account: Bytes): void {
    const { store, relay } = this.#place;
    if (store.contacts.get(relay, account)?.standing !== 'request') return;
    // Not with the rest: only on its own what is deleted leaves the log of the database too.
    for (const { number } of store.history.list({ conversation: { account } })) store.history.delete(number);
    store.transaction(() => {
      store.roomInvitations.remove(relay, account);
      // Whoever is in a room with us, or was met there, stays known from there and no more.
      if (!this.#isMember(account) && !isKnown(this.#place, account)) store.contacts.remove(relay, account);
      else store.contacts.add(relay, account, 'member');
    });
  }

  stop(): void {
    clearTimeout(this.#quiet);
  }

  /** Those on disk, and those of this batch. */
  #waiting(): number {
    const { store, relay } = this.#place;
    return store.contacts.countRequests(relay) + this.#begun.size;
  }

  /** Its one message is here, or its invitation. */
  #holds(account: Bytes): boolean {
    const { store, relay } = this.#place;
    return (
      this.#filled.has(toHex(account)) ||
      store.mail.lastAt(account) > 0 ||
      store.roomInvitations.get(relay, account) !== undefined
    );
  }

  #tell(): void {
    this.#place.observe({ kind: 'requests-full', turnedAway: this.#turnedAway });
    this.#turnedAway = 0;
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      if (this.#turnedAway > 0) this.#tell();
    }, REQUESTS_TOLD_EVERY).unref();
  }
}
