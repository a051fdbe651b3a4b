/** What is queued for an account becomes flights (§9.2, §9.5): one at a time for a pair, all pairs beside each other. */
import { randomInt } from 'node:crypto';
import {
  type Bytes,
  concat,
  type ControlEntry,
  ENVELOPE_ID_SIZE,
  mailboxOf,
  MAX_ITEMS,
  MAX_UNACKNOWLEDGED_FLIGHTS,
  NEW_START_EVERY,
  type OutgoingItem,
  sealOuter,
  type SealedMailboxFlight,
  toHex,
  TYPE_STEP,
} from '@waxwing/protocol';
import { type ClientErrorCode, WaxwingError } from '../errors.ts';
import { isPassing, RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { FlightRecord } from '../store/message.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { ownDevice, type Place } from './place.ts';
import { hasToSay, type Said, sayWith, withVoids } from './receipts.ts';
import { startSession, type StartedPair } from './session-starter.ts';

/** The first pause after a session could not be started, ms; each one after it is twice as long. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 600_000;
/** Flights to a device by which one may still be a stranger to it: by a link the first of them says no more than that. */
const FIRST_FLIGHTS = 2;

export interface OutgoingOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  readonly readReceipts: (account: Bytes) => boolean;
  /** Whether the account is told anything. */
  readonly mayTell: (account: Bytes) => boolean;
  /** What others say beside the items of a flight to this account. */
  readonly more: (account: Bytes) => readonly ControlEntry[];
  /** A flight with this ctl is on disk. */
  readonly said: (account: Bytes, ctl: readonly ControlEntry[]) => void;
  /** Sealed and on disk: to be put. */
  readonly onSealed: () => void;
  readonly onStarted: (account: Bytes, started: StartedPair) => void;
  /** What is queued for the account waits, for this reason. */
  readonly onHeld: (account: Bytes, error: WaxwingError) => void;
  readonly onFault: (error: unknown) => void;
}

/** What goes into one flight. */
interface Load {
  readonly items: readonly OutgoingItem[];
  readonly messages: readonly number[];
  readonly errands: readonly number[];
}

interface Pause {
  readonly timer: NodeJS.Timeout | undefined;
  /** ms */
  readonly length: number;
  /** Why. */
  readonly code: ClientErrorCode;
}

const STEP: Load = { items: [{ type: TYPE_STEP, body: new Uint8Array(0) }], messages: [], errands: [] };

export class Outgoing {
  readonly #options: OutgoingOptions;
  #requests: RelayRequests | undefined;
  /** Accounts (hex) that are worked for, and whether there may be more to do than was seen. */
  readonly #working = new Map<string, { again: boolean; done: Promise<void> }>();
  /** After starts that came to nothing; without a timer once the pause is over. */
  readonly #pauses = new Map<string, Pause>();
  /** Accounts (hex) to which something goes in any case, if only a step. */
  readonly #steps = new Set<string>();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  up(requests: RelayRequests): void {
    this.#requests = requests;
  }

  down(): void {
    this.#requests = undefined;
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    this.#pauses.clear();
    this.#steps.clear();
  }

  /** There may be something to send to this account; `step`: in any case, if only a step. */
  wake(account: Bytes, options: { readonly step?: boolean } = {}): void {
    const name = toHex(account);
    if (options.step === true && this.#requests !== undefined) this.#steps.add(name);
    const working = this.#working.get(name);
    if (working !== undefined) {
      working.again = true;
      return;
    }
    if (this.#requests === undefined || this.#pauses.get(name)?.timer !== undefined) return;
    const run = { again: false, done: Promise.resolve() };
    this.#working.set(name, run);
    run.done = this.#work(account)
      .catch((error: unknown) => {
        if (error instanceof WaxwingError) this.#diskFailed(account, error);
        else this.#options.onFault(error);
      })
      .finally(() => {
        this.#working.delete(name);
        if (run.again) this.wake(account);
      });
  }

  /** Resolves when what is being sealed is on disk. */
  async settled(): Promise<void> {
    await Promise.all([...this.#working.values()].map(({ done }) => done));
  }

  /** Nothing is being sealed. */
  get idle(): boolean {
    return this.#working.size === 0;
  }

  async #work(account: Bytes): Promise<void> {
    const name = toHex(account);
    for (;;) {
      const requests = this.#requests;
      if (requests === undefined || !this.#options.mayTell(account)) return;
      const { pairs, place } = this.#options;
      const current = await pairs.current(account);
      const due = this.#steps.has(name) || this.#options.more(account).length > 0;
      if (!due && !this.#hasQueued(account) && !(current !== undefined && this.#owes(account, current))) return;
      if (current?.sends !== true && this.#waitsToStart(current)) return;
      const pair = current?.sends === true ? current : await this.#start(account, requests);
      if (pair === undefined) return;
      if (place.store.posted.waiting(pair.key) >= MAX_UNACKNOWLEDGED_FLIGHTS) return; // what is put makes room
      const sealed = await pair.inTurn(() => this.#seal(pair));
      if (!sealed) return;
      this.#steps.delete(name);
      this.#options.onSealed();
    }
  }

  #isOpen(account: Bytes): boolean {
    const { store, relay } = this.#options.place;
    return store.contacts.get(relay, account)?.standing === 'open';
  }

  #hasQueued(account: Bytes): boolean {
    const { errands, outbox } = this.#options.place.store;
    return errands.nextBatch(account).length > 0 || outbox.nextBatch({ account }).length > 0;
  }

  #owes(account: Bytes, pair: Pair): boolean {
    const { place, readReceipts } = this.#options;
    // A receipt is not worth a start of its own, but where the one that had it was lost with its session.
    if (!pair.sends && pair.lost.length === 0) return false;
    if (hasToSay(pair, { readReceipts: readReceipts(account), open: this.#isOpen(account) })) return true;
    return pair.sends && pair.conversation.stepDue(place.now());
  }

  /** Where a session was lost there is one new start an hour (§9.4): the word that it was can be forged. */
  #waitsToStart(pair: Pair | undefined): boolean {
    if (pair === undefined || pair.lost.length === 0) return false;
    const since = this.#options.place.now() - pair.notes.restartedAt;
    if (since < 0 || since >= NEW_START_EVERY) return false;
    const { account } = pair.key;
    this.#hold(account, restartedLately(), NEW_START_EVERY - since);
    return true;
  }

  async #start(account: Bytes, requests: RelayRequests): Promise<Pair | undefined> {
    try {
      const started = await startSession({ ...this.#options, requests }, account);
      this.#pauses.delete(toHex(account));
      this.#options.onStarted(account, started);
      return started.pair;
    } catch (error) {
      if (requests !== this.#requests) return undefined; // the next channel begins anew
      if (!(error instanceof WaxwingError)) throw error;
      this.#hold(account, error, error instanceof RelayFailure && isPassing(error) ? error.retry : 0);
      return undefined;
    }
  }

  /** Waits, and says why where it is for another reason than before. */
  #hold(account: Bytes, error: WaxwingError, asked: number): void {
    if (this.#pauses.get(toHex(account))?.code !== error.code) this.#options.onHeld(account, error);
    this.#pause(account, error.code, asked);
  }

  #diskFailed(account: Bytes, error: WaxwingError): void {
    this.#options.place.observe({ kind: 'storage', error });
    this.#pause(account, error.code, 0);
  }

  #pause(account: Bytes, code: ClientErrorCode, asked: number): void {
    const name = toHex(account);
    const before = this.#pauses.get(name)?.length ?? FIRST_PAUSE / 2;
    const length = Math.max(asked, Math.min(before * 2, LONGEST_PAUSE)) * (1 + randomInt(250) / 1_000);
    const timer = setTimeout(() => {
      this.#pauses.set(name, { timer: undefined, length, code });
      this.wake(account);
    }, length).unref();
    this.#pauses.set(name, { timer, length, code });
  }

  /** One flight from what is queued, or from what is owed; on disk when this resolves. False where nothing is due. */
  async #seal(pair: Pair): Promise<boolean> {
    const { place, readReceipts, more } = this.#options;
    const { account } = pair.key;
    const { notes } = pair;
    if (!pair.sends) return true; // lost since: the next round starts another one
    const load = this.#load(account, { first: pair.state.sent.seq < FIRST_FLIGHTS });
    const said = sayWith({
      place,
      pair,
      readReceipts: readReceipts(account),
      open: this.#isOpen(account),
      linkProof: place.store.contacts.get(place.relay, account)?.linkProof,
      more: more(account),
    });
    const sealed = await pair.conversation.seal({ items: load.items, ctl: said.ctl, now: place.now() });
    try {
      place.store.transaction(() => {
        this.#keep(pair, { load, said, sealed });
      });
    } catch (error) {
      // The number is used up, whatever the disk kept of it; it is told as void with the next flight (§5.2).
      pair.notes = withVoids(notes, [[sealed.seq, sealed.seq]]);
      throw error;
    }
    pair.settle();
    this.#options.said(account, said.ctl);
    return true;
  }

  /** Of `first` flights each holds one item: a request is one (§9.6). */
  #load(account: Bytes, { first }: { readonly first: boolean }): Load {
    const { errands, outbox } = this.#options.place.store;
    const most = first ? 1 : MAX_ITEMS;
    const waiting = errands.nextBatch(account).slice(0, most);
    if (waiting.length > 0) return { items: waiting, messages: [], errands: waiting.map(({ number }) => number) };
    const batch = outbox.nextBatch({ account }).slice(0, most);
    return batch.length === 0 ? STEP : { items: batch, messages: batch.map(({ number }) => number), errands: [] };
  }

  #keep(
    pair: Pair,
    { load, said, sealed }: { readonly load: Load; readonly said: Said; readonly sealed: SealedMailboxFlight },
  ): void {
    const { place } = this.#options;
    const { store, p, relay } = place;
    const { peer } = pair.state;
    if (load.messages.length > 0) store.outbox.markSent(load.messages, recordOf(place, pair, sealed));
    store.errands.markSent(load.errands, pair.key, sealed.seq);
    pair.notes = said.after(sealed.seq);
    const target = mailboxOf(p, { relay, account: peer.account, device: peer.device });
    store.posted.add({
      id: p.randomBytes(ENVELOPE_ID_SIZE),
      relay,
      target,
      chain: pair.key,
      room: undefined,
      seq: sealed.seq,
      sid: sealed.sid,
      outer: sealOuter(p, { inner: sealed.inner, dhKey: peer.certificate.dhKey, mailbox: target }),
      at: place.now(),
      lost: false,
    });
    pair.save();
  }
}

function recordOf(place: Place, pair: Pair, flight: SealedMailboxFlight): FlightRecord {
  const { seq, statement, signature, commitments, sent } = flight;
  const bundle = ownDevice(place).bundle.bytes;
  return { chain: pair.key, seq, statement, signature, commitments: concat(...commitments), bundle, sent };
}

function restartedLately(): WaxwingError {
  return new WaxwingError(
    'too-fast',
    'A session with this peer was lost again within an hour: the next one is started when that is over.',
    'It is kept and sent then. If this goes on, something between changes or drops messages.',
  );
}
