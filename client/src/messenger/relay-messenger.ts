/** The messenger: a line to a relay, and on both sides of it the outbox, the mailbox and the conversations. */
import { type Bytes, isProtocolError } from '@waxwing/protocol';
import { isDiskFailure, isWaxwingError, WaxwingError } from '../errors.ts';
import { isPassing, RelayFailure } from '../relay/relay-failure.ts';
import type { RelayLineObserver, RelayNews, RelayWelcome } from '../relay/relay-line-events.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import { type Chore, doUntilKept } from './chores.ts';
import type { DoctorReport } from './doctor-report.ts';
import { examine } from './doctor.ts';
import { noRoom, notMember, oldCopy, unexpected, wasClosed } from './messenger-errors.ts';
import type {
  ConversationView,
  Messenger,
  MessengerEnd,
  RelayConversation,
  RelayConversationKey,
  StoredRow,
} from './messenger.ts';
import type { Line } from './line.ts';
import { findAccount, notConnected, titleOf } from './names.ts';
import { Pairs } from './pairs.ts';
import type { Place } from './place.ts';
import { PrekeyKeeper, type PrekeysThere } from './prekey-keeper.ts';
import type { RelayView } from './relay-view.ts';
import { RequestDesk } from './request-desk.ts';
import { RoomTraffic } from './room-traffic.ts';
import { storedRows } from './stored-rows.ts';
import { Traffic } from './traffic.ts';
import { viewRelay } from './view-relay.ts';

const NOTHING_THERE: PrekeysThere = { counter: 0, entriesLeft: 0 };
const REVIEW_EVERY = 3_600_000;
/** Until joining is tried again, ms, where the relay says nothing of time. */
const JOIN_AGAIN = 5_000;

export interface RelayMessengerOptions {
  readonly place: Place;
  readonly readReceipts: (account: Bytes) => boolean;
  readonly openLine: (observer: RelayLineObserver) => Line;
}

export class RelayMessenger implements Messenger {
  readonly ended: Promise<MessengerEnd>;
  readonly #place: Place;
  readonly #keeper: PrekeyKeeper;
  readonly #rooms: RoomTraffic;
  readonly #traffic: Traffic;
  readonly #desk: RequestDesk;
  readonly #line: Line;
  readonly #calendar: NodeJS.Timeout;
  readonly #end = Promise.withResolvers<MessengerEnd>();
  readonly #catching: { resolve: () => void; reject: (error: Error) => void }[] = [];
  /** Of the channel that stands, from its first moment on: what must come first may still be being settled. */
  #channel: RelayRequests | undefined;
  #requests: RelayRequests | undefined;
  #connections = 0;
  /** Of the last channel, ms. */
  #clockOffset: number | undefined;
  #closing: Promise<void> | undefined;
  #over = false;

  static async open(options: RelayMessengerOptions): Promise<RelayMessenger> {
    return new RelayMessenger(options, await PrekeyKeeper.open(options.place));
  }

  private constructor({ place, readReceipts, openLine }: RelayMessengerOptions, keeper: PrekeyKeeper) {
    this.#place = place;
    this.#keeper = keeper;
    this.ended = this.#end.promise;
    const onFault = (error: unknown): void => {
      this.#fault(error);
    };
    const pairs = new Pairs(place);
    this.#rooms = new RoomTraffic({
      place,
      pairs,
      wake: (account) => {
        this.#traffic.outgoing.wake(account);
      },
      owe: (account) => {
        this.#traffic.owe(account);
      },
      onSealed: () => {
        this.#traffic.put();
      },
      onTyping: (account, signal) => {
        this.#traffic.typing(account, signal);
      },
      onFault,
    });
    this.#traffic = new Traffic({
      place,
      pairs,
      keeper,
      readReceipts,
      guests: this.#rooms.guests,
      onAccepted: (account) => {
        this.#desk.enterRoom(account);
      },
      onCaughtUp: () => {
        for (const { resolve } of this.#catching.splice(0)) resolve();
        place.observe({ kind: 'caught-up' });
      },
      onFault,
    });
    this.#desk = new RequestDesk({ place, traffic: this.#traffic, invitations: this.#rooms.invitations });
    this.#calendar = setInterval(() => {
      this.#review();
    }, REVIEW_EVERY).unref();
    this.#traffic.lost.movedAll();
    place.observe({ kind: 'connecting', relay: this.relay });
    this.#line = openLine({
      onUp: (requests, welcome) => {
        this.#up(requests, welcome).catch(onFault);
      },
      onDown: (error) => {
        this.#down(error);
      },
      onNews: (news) => {
        this.#news(news);
      },
      onRetry: (inMs, error) => {
        place.observe({ kind: 'retrying', inMs, error });
      },
    });
    this.#line.ended.then((error) => {
      this.#finish(error === undefined ? { how: 'closed' } : { how: 'failed', error });
    }, onFault);
  }

  get relay(): RelayView {
    return viewRelay(this.#place.store, this.#place.relay, this.#requests !== undefined);
  }

  caughtUp(): Promise<void> {
    if (this.#over) return Promise.reject(wasClosed());
    if (this.#traffic.caughtUp) return Promise.resolve();
    return new Promise((resolve, reject) => this.#catching.push({ resolve, reject }));
  }

  async claim(name: string): Promise<void> {
    await this.#connected('A name is claimed there.').claim(name);
    this.#place.store.relays.setName(this.#place.relay, name);
  }

  conversations(): readonly ConversationView[] {
    const { rooms } = this.#rooms;
    const people = this.#traffic.conversations.list().filter((view) => !rooms.isOnlyMember(view));
    const views = [...people, ...rooms.all.map((room) => this.#rooms.talk(room).view)];
    return views.sort((a, b) => b.lastAt - a.lastAt);
  }

  async open(who: string): Promise<RelayConversation> {
    if (who.trim().startsWith('#')) return this.#rooms.talk(this.#rooms.rooms.find(who));
    const account = await findAccount(this.#place, this.#requests, who);
    return this.conversationOf({ account });
  }

  conversationOf(key: RelayConversationKey): RelayConversation {
    if ('room' in key) return this.#rooms.talk(this.#rooms.rooms.get(key.room) ?? noRoom());
    return this.#traffic.conversations.of(key.account);
  }

  titleOf(account: Bytes): string {
    return titleOf(this.#place, account);
  }

  async createContactLink(days: number): Promise<string> {
    return await this.#traffic.links.make(this.#connected('A link is registered there.'), days);
  }

  accept(account: Bytes): void {
    this.#desk.accept(account);
  }

  refuse(account: Bytes): void {
    this.#desk.refuse(account);
  }

  async createRoom(name: string): Promise<RelayConversation> {
    return this.#rooms.talk(await this.#rooms.desk.create(name));
  }

  async invite(room: Bytes, who: string): Promise<void> {
    await this.#rooms.desk.invite(room, who);
  }

  async remove(room: Bytes, who: string): Promise<void> {
    await this.#rooms.desk.remove(room, who);
  }

  async setRole(room: Bytes, who: string, role: 'admin' | 'member'): Promise<void> {
    await this.#rooms.desk.setRole(room, who, role);
  }

  async renameRoom(room: Bytes, name: string): Promise<void> {
    await this.#rooms.desk.rename(room, name);
  }

  async leaveRoom(room: Bytes): Promise<void> {
    await this.#rooms.desk.leave(room);
  }

  async settleRoom(room: Bytes): Promise<boolean> {
    return await this.#rooms.desk.settle(room);
  }

  async *stored(): AsyncGenerator<StoredRow> {
    yield* storedRows(this.#connected('What it stores is asked of it.'));
  }

  async doctor(): Promise<DoctorReport> {
    return await examine({
      place: this.#place,
      keeper: this.#keeper,
      traffic: this.#traffic,
      rooms: this.#rooms,
      requests: this.#requests,
      clockOffset: this.#clockOffset,
    });
  }

  async leaveRelay(): Promise<void> {
    const { store, relay } = this.#place;
    await this.#connected('It is asked to delete everything.').leave();
    store.relays.leave(relay);
    await this.close(0);
  }

  close(ms = 10_000): Promise<void> {
    this.#closing ??= this.#close(ms);
    return this.#closing;
  }

  async #close(ms: number): Promise<void> {
    const end = performance.now() + ms;
    this.#traffic.flushReceipts();
    while (this.#requests !== undefined && !this.#isQuiet() && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.#traffic.settled();
    await this.#line.close();
    this.#requests = undefined;
    this.#finish({ how: 'closed' });
    await this.#traffic.settled();
    await this.#traffic.outgoing.settled();
    await this.#traffic.done();
    await this.#rooms.settled();
  }

  /** Nothing more could go: also where the disk does not say what there is. */
  #isQuiet(): boolean {
    try {
      return this.#traffic.quiet && this.#rooms.idle;
    } catch (error) {
      if (!isDiskFailure(error)) throw error;
      return true;
    }
  }

  async #up(requests: RelayRequests, welcome: RelayWelcome): Promise<void> {
    const { store, relay, observe } = this.#place;
    this.#channel = requests;
    this.#clockOffset = welcome.clockOffset;
    let view: RelayView | undefined;
    await this.#untilKept(requests, async () => {
      const name = await this.#enter(requests, welcome);
      if (!this.#stands(requests)) return;
      store.relays.setName(relay, name);
      view = viewRelay(store, relay, true);
    });
    if (view === undefined || !this.#stands(requests)) return; // it has ended meanwhile
    this.#requests = requests;
    this.#connections += 1;
    const { waiting, clockOffset } = welcome;
    observe({ kind: 'connected', relay: view, waiting, clockOffset, again: this.#connections > 1 });
    this.#rooms.up(requests);
    this.#traffic.up(requests, welcome);
    this.#desk.up();
    this.#review();
  }

  /** What must be settled with the relay before anything else: membership, and prekeys of this device. The name there. */
  async #enter(requests: RelayRequests, welcome: RelayWelcome): Promise<string | undefined> {
    const there = { counter: welcome.prekeyCounter, entriesLeft: welcome.entriesLeft };
    let { name } = welcome;
    try {
      if (!welcome.member) name = await this.#join(requests);
      else if (await this.#keeper.isOldCopy(requests, there)) this.#fail(oldCopy());
    } catch (error) {
      if (!(error instanceof RelayFailure)) throw error;
      if (!isPassing(error)) this.#fail(isWaxwingError(error, 'invite-unknown') ? notMember(error) : error);
    }
    await this.#keeper.readBundles();
    await this.#refill(requests, welcome.member ? there : NOTHING_THERE);
    return name;
  }

  /** A new device of a member needs no token (§11.4). What passes is waited for. */
  async #join(requests: RelayRequests): Promise<string | undefined> {
    for (;;) {
      try {
        return await requests.join();
      } catch (error) {
        if (!isPassing(error) || !this.#stands(requests)) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.max(error.retry, JOIN_AGAIN)).unref());
      }
    }
  }

  #down(error: WaxwingError): void {
    const was = this.#requests;
    this.#channel = undefined;
    this.#requests = undefined;
    this.#rooms.down();
    this.#traffic.down();
    if (was !== undefined) this.#place.observe({ kind: 'cut', error });
  }

  #news(news: RelayNews): void {
    if (news.event !== 'entries') {
      this.#traffic.take(news);
      return;
    }
    this.#whileUp((requests) => this.#keeper.heard(requests, news.left));
  }

  /** What is due by the calendar: certificate, prekeys, and what became of old envelopes. */
  #review(): void {
    this.#whileUp(async (requests) => {
      await this.#place.home.renewIfDue();
      await this.#keeper.readBundles();
      const counter = this.#keeper.held[0]?.counter ?? 0;
      await this.#refill(requests, { counter, entriesLeft: this.#keeper.health.left });
      await this.#traffic.lost.review(requests);
      this.#traffic.unopened.dropOld();
    });
  }

  /** Work with the relay; what fails because of it is done with the next channel, or in an hour. */
  #whileUp(work: (requests: RelayRequests) => Promise<void>): void {
    const requests = this.#requests;
    if (requests === undefined) return;
    this.#untilKept(requests, () => work(requests)).catch((error: unknown) => {
      if (!(error instanceof RelayFailure)) this.#fault(error);
    });
  }

  #untilKept(requests: RelayRequests, work: Chore): Promise<void> {
    return doUntilKept(this.#place, { work, stands: () => this.#stands(requests) });
  }

  #stands(requests: RelayRequests): boolean {
    return this.#channel === requests && !this.#over;
  }

  /** What fails is tried again with the next channel, and with the next word of the relay about it. */
  async #refill(requests: RelayRequests, there: PrekeysThere): Promise<void> {
    try {
      await this.#keeper.refill(requests, there);
    } catch (error) {
      if (!(error instanceof RelayFailure)) throw error;
    }
  }

  #connected(why: string): RelayRequests {
    if (this.#requests === undefined) throw notConnected(why);
    return this.#requests;
  }

  #fail(error: WaxwingError): void {
    this.#finish({ how: 'failed', error });
    void this.#line.close();
  }

  /** A damaged home, or a fault of ours: nothing is done any more, and what is not confirmed comes again. */
  #fault(error: unknown): void {
    if (this.#over) return; // the home may be closed by now
    if (error instanceof WaxwingError) this.#fail(error);
    else if (isProtocolError(error)) this.#fail(unexpected(error));
    else throw error;
  }

  #finish(end: MessengerEnd): void {
    if (this.#over) return;
    this.#over = true;
    const error = end.how === 'failed' ? end.error : wasClosed();
    for (const { reject } of this.#catching.splice(0)) reject(error);
    clearInterval(this.#calendar);
    this.#rooms.end();
    this.#traffic.end();
    this.#end.resolve(end);
  }
}
