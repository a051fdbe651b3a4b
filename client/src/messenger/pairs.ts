/** All pairs of devices of this home's place: read from disk when they are first needed, each once. */
import {
  type Bundle,
  type Bytes,
  decodeMailboxState,
  equalBytes,
  type MailboxState,
  newMailboxState,
  toHex,
} from '@waxwing/protocol';
import type { ChainKey, StoredChain } from '../store/chain.ts';
import { NO_NOTES, Pair } from './pair.ts';
import { nameOfPair, ownDevice, pairKey, type Place } from './place.ts';

/** Pairs of strangers of which nothing was kept, at once. */
const MOST_EMPTY = 64;

export class Pairs {
  readonly #place: Place;
  readonly #loaded = new Map<string, Promise<Pair | undefined>>();
  /** Sessions that were started and are not on disk yet. */
  readonly #started = new Map<string, Pair>();
  /** Pairs of which nothing was kept, in that order. */
  readonly #empty = new Set<Pair>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** The pair whose session this sid (16) is or was, of the device that this home has now. */
  async ofSession(sid: Bytes): Promise<Pair | undefined> {
    const started = this.#started.get(toHex(sid));
    if (started !== undefined) return started;
    const key = this.#place.store.mailboxes.ofSession(sid);
    if (key === undefined || !equalBytes(key.ownDevice, ownDevice(this.#place).bundle.device)) return undefined;
    return await this.of(key);
  }

  /** A session of this pair stands, or (undefined) did not come to stand. */
  noteStarted(sid: Bytes, pair: Pair | undefined): void {
    if (pair === undefined) this.#started.delete(toHex(sid));
    else this.#started.set(toHex(sid), pair);
  }

  of(key: ChainKey): Promise<Pair | undefined> {
    const name = nameOfPair(key);
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const loading = this.#load(key);
    this.#loaded.set(name, loading);
    loading.catch(() => this.#loaded.delete(name));
    return loading;
  }

  /** The pair with the device of this bundle, and a new one where there was none: nothing of it is on disk then. */
  async ofBundle(bundle: Bundle): Promise<Pair> {
    const key = pairKey(this.#place, bundle);
    const name = nameOfPair(key);
    for (;;) {
      const loading = this.of(key);
      const known = await loading;
      if (known !== undefined) return known;
      // One who waited with this one was first: there is one object of each pair, or two of them would part.
      if (this.#loaded.get(name) !== loading) continue;
      const chain = this.#place.store.chains.get(key);
      const state = inStep(newMailboxState(bundle), chain);
      const pair = new Pair({ place: this.#place, key, state, saved: undefined, notes: NO_NOTES, lost: [] });
      this.#loaded.set(name, Promise.resolve(pair));
      return pair;
    }
  }

  /**
   * What came of a stranger was turned away, and nothing of its pair is kept. Of such pairs the newest stay for a while: who
   * waits for the turn of one has the same object.
   */
  noteEmpty(pair: Pair): void {
    this.#empty.delete(pair);
    this.#empty.add(pair);
    const [oldest] = this.#empty;
    if (this.#empty.size <= MOST_EMPTY || oldest === undefined) return;
    this.#empty.delete(oldest);
    if (!oldest.isKept) this.#loaded.delete(nameOfPair(oldest.key));
  }

  /** The pair with the device that an account is written to at this relay. */
  async current(account: Bytes): Promise<Pair | undefined> {
    const { store, relay } = this.#place;
    const device = store.contacts.get(relay, account)?.device;
    return device && (await this.of(pairKey(this.#place, { account, device })));
  }

  async #load(key: ChainKey): Promise<Pair | undefined> {
    const { store, p } = this.#place;
    const stored = store.mailboxes.load(key);
    if (stored === undefined) return undefined;
    const saved = await decodeMailboxState(p, stored.mailbox);
    const { notes, lost } = stored;
    return new Pair({ place: this.#place, key, state: inStep(saved, store.chains.get(key)), saved, notes, lost });
  }
}

/** The state where a live channel has moved the chains on since: there is one chain for both (§5.2). */
function inStep(state: MailboxState, { sent, received }: StoredChain): MailboxState {
  const ahead = received !== undefined && received.seq > state.received.last.seq;
  return {
    ...state,
    sent: sent.seq > state.sent.seq ? sent : state.sent,
    received: ahead ? { ...state.received, last: received } : state.received,
  };
}
