/** The own device and one of another's: their sessions and chains, in step with what is on disk. */
import {
  type Bytes,
  type Device,
  equalBytes,
  MailboxConversation,
  mailboxChange,
  type MailboxState,
  sendingSession,
  withLostSession,
} from '@waxwing/protocol';
import type { ChainKey } from '../store/chain.ts';
import type { MailboxNotes } from '../store/mailbox.ts';
import { ownDevice, type Place } from './place.ts';

/** Nothing said yet: the peer has no bundle of ours but the one that a start brings. */
export const NO_NOTES: MailboxNotes = {
  owed: 0,
  read: 0,
  readTold: 0,
  peerRead: 0,
  voids: [],
  bundleSerial: 0,
  bundleFrom: 0,
  nick: undefined,
  nickFrom: 0,
  restartedAt: 0,
  again: [],
  asked: [],
  answered: [],
};

export interface PairParts {
  readonly place: Place;
  readonly key: ChainKey;
  readonly state: MailboxState;
  /** What of it is on disk; undefined where nothing is. */
  readonly saved: MailboxState | undefined;
  readonly notes: MailboxNotes;
  readonly lost: readonly Bytes[];
}

export class Pair {
  readonly key: ChainKey;
  readonly #place: Place;
  #device: Device;
  #conversation: MailboxConversation;
  /** Where nothing is on disk: what it began with. */
  readonly #first: MailboxState;
  #saved: MailboxState | undefined;
  #before: Pick<Pair, 'notes' | 'lost'>;
  #turn: Promise<unknown> = Promise.resolve();
  #failuresTold = 0;
  notes: MailboxNotes;
  lost: readonly Bytes[];

  constructor({ place, key, state, saved, notes, lost }: PairParts) {
    this.#place = place;
    this.key = key;
    this.#first = state;
    this.#saved = saved;
    this.notes = notes;
    this.lost = lost;
    this.#before = { notes, lost };
    this.#device = ownDevice(place);
    this.#conversation = this.#converse(state);
  }

  get conversation(): MailboxConversation {
    return this.#conversation;
  }

  get state(): MailboxState {
    return this.#conversation.state;
  }

  /** Something of it is on disk. */
  get isKept(): boolean {
    return this.#saved !== undefined;
  }

  /** Whether there is a session to send on. */
  get sends(): boolean {
    return sendingSession(this.state) !== undefined;
  }

  /**
   * Work on this pair, from the first step to its commit, is done by one at a time: what is saved is then whole.
   * Resolves with what ends the turn.
   */
  async lock(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const before = this.#turn;
    this.#turn = promise;
    await before;
    const device = ownDevice(this.#place);
    if (device !== this.#device) {
      this.#device = device; // renewed: what comes from now on is sealed with its new certificate, and opened with its keys
      this.become(this.state);
    }
    return () => {
      resolve(undefined);
    };
  }

  async inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const end = await this.lock();
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Writes what changed. Inside the transaction of whatever changed it; then `settle`, or `revert` where that failed. */
  save(): void {
    const { store } = this.#place;
    const { state, notes } = this;
    const saved = this.#saved;
    store.mailboxes.save(this.key, mailboxChange(saved, state), notes);
    for (const sid of this.lost) if (!this.#before.lost.includes(sid)) store.mailboxes.markLost(sid);
    const chain = store.chains.get(this.key);
    if (state.sent.seq > chain.sent.seq) store.chains.setSent(this.key, state.sent);
    const { last } = state.received;
    if (last.seq > (chain.received?.seq ?? 0)) store.chains.setReceived(this.key, last);
  }

  /** What was saved is on disk. */
  settle(): void {
    this.#saved = this.state;
    this.#before = { notes: this.notes, lost: this.lost };
  }

  /** What was to be saved is not on disk: nothing of it has happened. Whoever holds this pair goes on from there. */
  revert(): void {
    ({ notes: this.notes, lost: this.lost } = this.#before);
    this.become(this.#saved ?? this.#first);
  }

  /** Another state in place of this one, of the same devices. */
  become(state: MailboxState): void {
    this.#conversation = this.#converse(state);
    this.#failuresTold = 0;
  }

  /** Failures behind a good HMAC since this was asked last (§5.4). */
  takeFailures(): number {
    const { failuresBehindHmac } = this.#conversation;
    const fresh = failuresBehindHmac - this.#failuresTold;
    this.#failuresTold = failuresBehindHmac;
    return fresh;
  }

  /** An envelope of this session did not open there (§9.4): it is never sent on again. */
  lose(sid: Bytes): void {
    if (this.lost.some((one) => equalBytes(one, sid))) return;
    this.lost = [...this.lost, sid];
    this.become(withLostSession(this.state, { sid, lost: this.lost, now: this.#place.now() }));
  }

  #converse(state: MailboxState): MailboxConversation {
    const { p, trace } = this.#place;
    return new MailboxConversation(p, { device: this.#device, state, stopwatch: () => performance.now(), trace });
  }
}
