/**
 * The way of an envelope in (§9.3): opened batch by batch in the order of the mailbox, committed in one transaction a batch, and
 * only then confirmed and shown.
 */
import {
  type Bytes,
  decodeEnvelope,
  decodeHeader,
  type Header,
  isProtocolError,
  KIND_ROOM,
  type MailboxState,
  mailboxOf,
  openOuter,
  type OpenedMailboxFlight,
  ProtocolError,
  type RelayEvent as RelayNews,
  readMailboxHeader,
  respond,
} from '@waxwing/protocol';
import { Backoff } from '../connection/backoff.ts';
import { isDiskFailure, isWaxwingError, type WaxwingError } from '../errors.ts';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { AcceptedFlights } from './accepted-flights.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { ownDevice, pairKey, type Place } from './place.ts';
import type { PrekeyKeeper } from './prekey-keeper.ts';
import type { UnopenedBook } from './unopened-book.ts';

type Delivered = Extract<RelayNews, { readonly event: 'deliver' }>['envelopes'];

/** Opens envelopes of kind 2 (§10.4). @throws ProtocolError for one that does not open */
export type RoomDoor = (envelope: Bytes, header: Header) => Promise<OpenedMail>;

/** What works on its own things with a batch of the mailbox, and is written, undone and ended together with it. */
export interface BatchGuest {
  save(): void;
  settle(): void;
  revert(): void;
  end(): void;
}

export interface IncomingOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  readonly keeper: PrekeyKeeper;
  readonly flights: AcceptedFlights;
  readonly unopened: UnopenedBook;
  readonly room: RoomDoor | undefined;
  readonly batch: BatchGuest | undefined;
  /** So many envelopes of the mailbox are done with. */
  readonly onTaken: (count: number) => void;
  readonly onFault: (error: unknown) => void;
}

/** Pairs that a batch works on, each until its end. */
class Turns {
  readonly #ends = new Map<Pair, () => void>();
  /** Sids of sessions that stand with this batch. */
  readonly started: Bytes[] = [];

  get pairs(): readonly Pair[] {
    return [...this.#ends.keys()];
  }

  /** Whether the batch began to work on it with this. */
  async take(pair: Pair): Promise<boolean> {
    if (this.#ends.has(pair)) return false;
    this.#ends.set(pair, await pair.lock());
    return true;
  }

  /** The batch does not work on it after all. */
  drop(pair: Pair): void {
    this.#ends.get(pair)?.();
    this.#ends.delete(pair);
  }

  end(): void {
    for (const end of this.#ends.values()) end();
  }
}

interface Judged {
  readonly id: Bytes;
  /** Whose session it is of, where that is known. */
  readonly account: Bytes | undefined;
  readonly mail: OpenedMail;
  /** It does not open: the relay is told so. */
  readonly failed: boolean;
}

export class Incoming {
  readonly #options: IncomingOptions;
  #requests: RelayRequests | undefined;
  #work: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #backoff = new Backoff();
  /** The user was told of this failure of the disk. */
  #told = false;

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  up(requests: RelayRequests): void {
    this.#requests = requests;
  }

  down(): void {
    this.#requests = undefined;
    clearTimeout(this.#again);
  }

  /** Envelopes that the relay delivers, in its order. */
  take(envelopes: Delivered): void {
    const requests = this.#requests;
    this.#work = this.#work
      .then(async () => {
        // Of an earlier channel: they come again.
        if (requests !== undefined && requests === this.#requests) await this.#batch(requests, envelopes);
      })
      .catch(this.#options.onFault);
  }

  /** Opens something that is not of the mailbox, in its turn and as a batch of its own. @throws where that fails */
  async alone(open: () => Promise<OpenedMail>): Promise<void> {
    const done = this.#work.then(() => this.#alone(open));
    this.#work = done.catch(() => undefined);
    await done;
  }

  /** Resolves when nothing is being opened. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Whether it is done with, whatever became of it; else it comes again. */
  async #batch(requests: RelayRequests, envelopes: Delivered): Promise<boolean> {
    const judged: Judged[] = [];
    try {
      await this.#inOne(async (turns) => {
        for (const { id, outer } of envelopes) judged.push(await this.#judge(turns, id, outer));
        return judged.map(({ mail }) => mail);
      });
    } catch (error) {
      if (error instanceof RelayFailure || isDiskFailure(error)) {
        this.#comeAgain(requests, error);
        return false;
      }
      const [only, ...more] = envelopes;
      if (!isUnfit(error) || only === undefined) throw error;
      if (more.length > 0) return await this.#oneByOne(requests, envelopes);
      return this.#giveUp(requests, error, { id: only.id, account: judged[0]?.account });
    }
    this.#done(requests, judged);
    return true;
  }

  /** One of them does not fit to what is kept: it keeps none of the others. */
  async #oneByOne(requests: RelayRequests, envelopes: Delivered): Promise<boolean> {
    for (const one of envelopes) {
      if (requests !== this.#requests || !(await this.#batch(requests, [one]))) return false;
    }
    return true;
  }

  /** It can never be kept, however often it comes: the relay is told that it did not open, and through it its sender. */
  #giveUp(requests: RelayRequests, error: ProtocolError | WaxwingError, of: Pick<Judged, 'id' | 'account'>): boolean {
    const mail = this.#options.unopened.mail(error, of);
    try {
      this.#options.place.store.transaction(() => {
        mail.commit();
      });
    } catch (failure) {
      if (!isDiskFailure(failure)) throw failure;
      this.#comeAgain(requests, failure);
      return false;
    }
    this.#done(requests, [{ ...of, mail, failed: true }]);
    return true;
  }

  async #alone(open: () => Promise<OpenedMail>): Promise<void> {
    const [mail] = await this.#inOne(async () => [await open()]);
    if (mail !== undefined) this.#show(mail);
  }

  /** Opens and writes in one transaction; otherwise nothing of it has happened. What is to be shown after it. */
  async #inOne(open: (turns: Turns) => Promise<readonly OpenedMail[]>): Promise<readonly OpenedMail[]> {
    const { place, pairs, keeper, flights, batch } = this.#options;
    const turns = new Turns();
    try {
      flights.begin();
      const mails = await open(turns);
      place.store.transaction(() => {
        for (const mail of mails) mail.commit();
        for (const pair of turns.pairs) pair.save();
        batch?.save();
        keeper.save();
      });
      for (const pair of turns.pairs) pair.settle();
      batch?.settle();
      keeper.saved();
      return mails;
    } catch (error) {
      for (const pair of turns.pairs) pair.revert();
      batch?.revert();
      keeper.revert();
      throw error;
    } finally {
      for (const sid of turns.started) pairs.noteStarted(sid, undefined); // on disk now, or nowhere
      turns.end();
      batch?.end();
    }
  }

  #done(requests: RelayRequests, judged: readonly Judged[]): void {
    this.#backoff = new Backoff();
    this.#told = false;
    this.#tell(requests, judged);
    for (const { mail } of judged) this.#show(mail);
    this.#options.onTaken(judged.length);
  }

  /** What is on disk and cannot be shown now stands in the history. */
  #show(mail: OpenedMail): void {
    try {
      mail.show();
    } catch (error) {
      if (!isDiskFailure(error)) throw error;
      this.#options.place.observe({ kind: 'storage', error });
    }
  }

  #tell(requests: RelayRequests, judged: readonly Judged[]): void {
    const confirmed = judged.filter(({ failed }) => !failed).map(({ id }) => id);
    const failed = judged.filter((one) => one.failed).map(({ id }) => id);
    // What is not told is delivered again, and known for a copy then.
    if (confirmed.length > 0) requests.confirm(confirmed).catch(() => undefined);
    if (failed.length > 0) requests.unopenable(failed).catch(() => undefined);
  }

  /** After a pause: the disk failed, or the relay did not say what is needed to open something. */
  #comeAgain(requests: RelayRequests, error: WaxwingError): void {
    const asked = error instanceof RelayFailure ? error.retry : 0;
    if (!this.#told && !(error instanceof RelayFailure)) {
      this.#told = true;
      this.#options.place.observe({ kind: 'storage', error });
    }
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      if (requests === this.#requests) requests.receive().catch(() => undefined);
    }, this.#backoff.next(asked)).unref();
  }

  async #judge(turns: Turns, id: Bytes, outer: Bytes): Promise<Judged> {
    const opening: { account: Bytes | undefined } = { account: undefined };
    try {
      const mail = await this.#open(turns, outer, opening);
      return { id, account: opening.account, mail, failed: false };
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      const { account } = opening;
      if (error.check === 'used') return { id, account, mail: DROPPED, failed: false };
      return { id, account, mail: this.#failed(turns, error, { id, account }), failed: true };
    }
  }

  #failed(
    turns: Turns,
    error: ProtocolError,
    of: { readonly id: Bytes; readonly account: Bytes | undefined },
  ): OpenedMail {
    const { place, unopened } = this.#options;
    const book = unopened.mail(error, of);
    const counted = turns.pairs.map((pair) => ({ key: pair.key, failures: pair.takeFailures() }));
    let quarantined = false;
    return {
      commit: () => {
        book.commit();
        for (const { key, failures } of counted) {
          for (let one = 0; one < failures; one++) quarantined = place.store.chains.countFailure(key) || quarantined;
        }
      },
      show: () => {
        book.show();
        if (quarantined) unopened.tellQuarantine(of.account);
      },
    };
  }

  /** Steps 1 to 5 of §9.3; the order of the checks is the section's. */
  async #open(turns: Turns, outer: Bytes, opening: { account: Bytes | undefined }): Promise<OpenedMail> {
    const { place, pairs, room, flights } = this.#options;
    const { dhKey, bundle } = ownDevice(place);
    const mailbox = mailboxOf(place.p, { relay: place.relay, account: bundle.account, device: bundle.device });
    const inner = openOuter(place.p, { outer, dhKey, mailbox });
    if (inner.kind === 'signal') return DROPPED; // never stored (§9.7)
    const { envelope, start } = inner;
    if (room !== undefined && kindOf(envelope) === KIND_ROOM) {
      return await room(envelope, decodeHeader(decodeEnvelope(envelope).hdr));
    }
    const { sid } = readMailboxHeader(bundle.device, envelope);
    const pair = await pairs.ofSession(sid);
    if (pair === undefined) return await this.#openStart(turns, { envelope, start, sid }, opening);
    opening.account = pair.key.account;
    if (flights.isUnheard(pair.key)) return DROPPED;
    const taken = { pair, isNew: await turns.take(pair), state: pair.state };
    const before = pair.state.received;
    const flight = await pair.conversation.open(envelope, place.now());
    const { mail, kept } = await flights.mail(pair, flight, { before, start: undefined });
    if (!kept) this.#undo(turns, taken);
    return mail;
  }

  async #openStart(
    turns: Turns,
    { envelope, start, sid }: { readonly envelope: Bytes; readonly start: Bytes; readonly sid: Bytes },
    opening: { account: Bytes | undefined },
  ): Promise<OpenedMail> {
    const { place, pairs, keeper, flights } = this.#options;
    const { store } = place;
    if (start.length === 0) throw unknownSession();
    const context = {
      device: ownDevice(place),
      bundles: keeper.bundles,
      prekeys: keeper.held,
      knownSerial: (peer: { readonly account: Bytes; readonly device: Bytes }) =>
        store.prekeys.knownSerial(peer.account, peer.device),
    };
    const opened = await respond(place.p, context, { start, sid, now: place.now() });
    opening.account = opened.peer.account;
    if (flights.isUnheard(pairKey(place, opened.peer))) return DROPPED;
    const pair = await pairs.ofBundle(opened.peer);
    const taken = { pair, isNew: await turns.take(pair), state: pair.state };
    const before = pair.state.received;
    try {
      const flight: OpenedMailboxFlight = await pair.conversation.openStarted(opened, envelope, place.now());
      const start = { weaker: opened.weaker, use: opened.use };
      const { mail, kept } = await flights.mail(pair, flight, { before, start });
      if (!kept) {
        this.#undo(turns, taken);
        return mail;
      }
      keeper.spend(opened.use);
      pairs.noteStarted(flight.sid, pair);
      turns.started.push(flight.sid);
      return mail;
    } catch (error) {
      this.#undo(turns, taken);
      throw error;
    }
  }

  /** Nothing of the last envelope has happened to its pair; where that is all there is of the pair, there is none. */
  #undo(
    turns: Turns,
    { pair, isNew, state }: { readonly pair: Pair; readonly isNew: boolean; readonly state: MailboxState },
  ): void {
    pair.become(state);
    if (!isNew || pair.isKept) return;
    turns.drop(pair);
    this.#options.pairs.noteEmpty(pair);
  }
}

/** What came does not fit to what is kept; a damaged or closed home keeps nothing at all. */
function isUnfit(error: unknown): error is ProtocolError | WaxwingError {
  return isProtocolError(error) || (isWaxwingError(error) && !isWaxwingError(error, 'home-damaged', 'home-closed'));
}

function kindOf(envelope: Bytes): number {
  return decodeHeader(decodeEnvelope(envelope).hdr).kind;
}

function unknownSession(): ProtocolError {
  return new ProtocolError('envelope-0', 'sid', 'the envelope is of a session that is not known, and brings no start');
}
