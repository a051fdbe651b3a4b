/**
 * One conversation over one connection: the way of flights out and in (§5), acknowledgements (§4 [6], [7]) and the
 * orderly end ([5]). State is on disk before anything leaves or is shown.
 */
import {
  type ControlEntry,
  type Device,
  isProtocolError,
  LiveConversation,
  MAX_UNACKNOWLEDGED_FLIGHTS,
  type OpenedFlight,
  type Primitives,
  ProtocolError,
  type SealedFlight,
  TYPE_STEP,
  utf8,
} from '@waxwing/protocol';
import { type Content, ChannelError, misplaced } from '@waxwing/protocol/channel';
import { WaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { ChainKey } from '../store/chain.ts';
import type { QueuedMessage } from '../store/message.ts';
import type { Connection } from '../connection/connection.ts';
import type { Observer, ReceivedMessage } from './event.ts';
import { CTL_NICK, keepReceived, recordOf } from './kept-flight.ts';
import { MailboxStep } from './mailbox-step.ts';
import { type PeerView, viewPeer } from './peer-view.ts';

/** Flights that share one commit: enough to spread an fsync, few enough to keep the latency of a flood low. */
const FLIGHTS_PER_COMMIT = 32;
/** How long the end of a conversation waits for what is under way, ms. */
const CLOSE_WAIT = 2_000;

export interface LinkOptions {
  readonly home: Home;
  readonly primitives: Primitives;
  readonly connection: Connection;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly observe: Observer;
  /** The peer's first acknowledgement has come: it lets us in. */
  readonly onReady: () => void;
  /** What the link says to its conversation: messages that are on disk and may be shown, and what became of its own. */
  readonly onMessages: (messages: readonly ReceivedMessage[]) => void;
  readonly onDelivered: (numbers: readonly number[]) => void;
  readonly onTooOld: (numbers: readonly number[]) => void;
}

/** How a link ended. */
export type LinkEnd =
  | { readonly how: 'left' } // both said [5], or the peer did and then ended
  | { readonly how: 'cut'; readonly reason: string }
  | { readonly how: 'busy' } // the peer chats with another
  | { readonly how: 'failed'; readonly error: ProtocolError }
  | { readonly how: 'rejected' } // the peer sent the reject frame
  | { readonly how: 'storage'; readonly error: WaxwingError };

export class Link {
  readonly #home: Home;
  readonly #connection: Connection;
  readonly #options: LinkOptions;
  readonly #live: LiveConversation;
  /** As it was when the connection began: the home may renew it meanwhile. */
  readonly #device: Device;
  readonly #chain: ChainKey;
  #sentSeq: number;
  /** Flights above it are under way: at most MAX_UNACKNOWLEDGED_FLIGHTS (§12). */
  #ackedSeq: number;
  /** The peer's first [6] has come: it is known what must be sent again. */
  #ready = false;
  #pumping = false;
  #wanted = false;
  #closeSent = false;
  #closeReceived = false;
  #leaving = false;
  #failure: unknown;
  /** Of the same two devices, where they have one. */
  #mailbox: MailboxStep | undefined;
  #firstCtl: ControlEntry[] = [];

  constructor(options: LinkOptions) {
    const { home, connection, primitives, now } = options;
    const { handshake } = connection;
    this.#options = options;
    this.#home = home;
    this.#connection = connection;
    this.#device = home.device;
    this.#chain = {
      ownDevice: this.#device.bundle.device,
      account: handshake.peer.account,
      peerDevice: handshake.peer.device,
    };
    const chain = home.store.chains.get(this.#chain);
    this.#sentSeq = chain.sent.seq;
    this.#ackedSeq = chain.sent.seq;
    this.#live = new LiveConversation(primitives, {
      device: this.#device,
      peer: handshake.peer,
      handshake,
      chain: { sent: chain.sent, received: chain.received },
      now: now(),
      stopwatch: () => performance.now(),
      trace: connection.trace,
    });
  }

  get peer(): PeerView {
    return viewPeer(this.#home.store, this.#connection.handshake.peer);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Works until the connection ends. Never throws for anything the peer or the network does. */
  async run(): Promise<LinkEnd> {
    try {
      return await this.#work();
    } finally {
      await this.#pumped(); // the next link of this chain must find what this one committed
    }
  }

  async #work(): Promise<LinkEnd> {
    const { store } = this.#home;
    const of = { store, key: this.#chain, device: this.#device };
    this.#mailbox = await MailboxStep.open(this.#options.primitives, of);
    const received = this.#live.chain.received?.seq ?? 0;
    await this.#connection.send(
      { kind: 'accepted', seq: received }, // §4: the first record after F5
      ...[...this.#home.store.history.tooOldSeqs(this.#chain)].map((seq): Content => ({ kind: 'too-old', seq })),
    );
    try {
      for await (const batch of this.#connection.batches()) {
        const end = await this.#take(batch);
        if (end !== undefined) return end;
        if (this.#failure !== undefined) break;
      }
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#failure !== undefined) return this.#fail(this.#failure);
    this.#connection.end();
    if (this.#closeReceived) return { how: 'left' };
    return { how: 'cut', reason: this.#connection.cutReason ?? 'ended without a close' };
  }

  /** Whether what is queued now is sealed in this turn and committed as sent before anything else happens. */
  get sendsAtOnce(): boolean {
    return !this.#pumping && this.#sends && this.#room > 0 && this.#failure === undefined;
  }

  get #sends(): boolean {
    return this.#ready && !this.#leaving && this.#connection.writable;
  }

  /** How many flights may still come under way (§12). */
  get #room(): number {
    return MAX_UNACKNOWLEDGED_FLIGHTS - (this.#sentSeq - this.#ackedSeq);
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#pumping) {
      this.#wanted = true;
      return;
    }
    this.#wanted = false; // of this call; what comes while it works asks anew
    this.#pumping = true;
    this.#pump()
      .catch((error: unknown) => {
        this.#failure = error;
        this.#connection.cut('failed');
        if (!(error instanceof WaxwingError)) this.#home.store.flush(); // what was queued to leave at once has not left
      })
      .finally(() => {
        this.#pumping = false;
        if (this.#wanted && this.#failure === undefined) this.wake();
      });
  }

  /** Says that no flight follows, and lets the connection end once the peer said so too. */
  async leave(): Promise<void> {
    this.#leaving = true;
    setTimeout(() => {
      this.#connection.cut('left'); // a peer that reads nothing does not keep us
    }, CLOSE_WAIT).unref();
    await this.#pumped();
    await this.#sendClose();
  }

  async #take(batch: readonly Content[]): Promise<LinkEnd | undefined> {
    let opened: OpenedFlight[] = [];
    for (const content of batch) {
      if (content.kind === 'envelope') {
        if (!this.#ready) throw misplaced('A flight before the first acknowledgement');
        try {
          const flight = await this.#live.open(content.envelope, this.#options.now());
          await this.#mailbox?.opened(flight);
          opened.push(flight);
        } catch (error) {
          this.#keep(opened); // what came before the failure was good
          throw error;
        }
        if (opened.length === FLIGHTS_PER_COMMIT) {
          this.#keep(opened);
          opened = [];
        }
        continue;
      }
      this.#keep(opened);
      opened = [];
      const end = await this.#takeControl(content);
      if (end !== undefined) return end;
    }
    this.#keep(opened);
    if (this.#live.stepDue(this.#options.now())) this.wake();
    return undefined;
  }

  async #takeControl(content: Content): Promise<LinkEnd | undefined> {
    switch (content.kind) {
      case 'accepted':
        this.#takeAccepted(content.seq);
        return undefined;
      case 'too-old':
        if (!this.#ready || content.seq > this.#sentSeq) throw misplaced('A refusal of a flight that was never sent');
        this.#options.onTooOld(this.#home.store.outbox.markTooOld(this.#chain, content.seq));
        return undefined;
      case 'busy':
        if (this.#ready) throw misplaced('A busy in a conversation');
        this.#connection.end();
        return { how: 'busy' };
      case 'close': {
        if (!this.#ready) throw misplaced('A close before the first acknowledgement');
        this.#closeReceived = true;
        const missing = content.lastSeq - (this.#live.chain.received?.seq ?? 0);
        // A close that only answers ours is no news, unless something is missing.
        if (!this.#closeSent || missing > 0) {
          this.#options.observe({ kind: 'left', peer: this.peer, missing: Math.max(0, missing) });
        }
        this.#leaving = true;
        await this.#pumped();
        await this.#sendClose();
        this.#connection.end();
        return undefined;
      }
      default:
        throw misplaced('A record of this kind'); // relay records belong to another channel
    }
  }

  /** [6, n]: everything up to n is delivered; the first one also says what must be sent again. */
  #takeAccepted(seq: number): void {
    const { outbox } = this.#home.store;
    if (seq > this.#sentSeq) {
      this.#options.observe({ kind: 'restored-copy', peer: this.peer });
      throw new ProtocolError('record', 'accepted', 'The peer has accepted more than this home ever sent.');
    }
    if (this.#ready && seq <= this.#ackedSeq) return; // nothing new: no reason to touch the disk
    this.#ackedSeq = Math.max(this.#ackedSeq, seq);
    const delivered = outbox.acknowledge(this.#chain, seq);
    if (!this.#ready) {
      for (const [from, to] of outbox.requeue(this.#chain).voids) this.#firstCtl.push(['void', from, to]); // §5.1
      const nick = this.#home.store.settings.get('nick');
      if (nick !== undefined) this.#firstCtl.push([CTL_NICK, utf8(nick)]);
      this.#ready = true;
      this.#options.onReady();
    }
    if (delivered.length > 0) this.#options.onDelivered(delivered);
    this.wake();
  }

  /** Commits opened flights, then shows them, then acknowledges them. */
  #keep(flights: readonly OpenedFlight[]): void {
    const last = flights.at(-1);
    if (last === undefined) return;
    const { store } = this.#home;
    const received = this.#options.now();
    const { nick } = this.peer;
    const messages = store.transaction(() => {
      const { peer } = this.#connection.handshake;
      const kept = flights.flatMap((flight) => keepReceived(store, { chain: this.#chain, peer, flight, received }));
      const { seq, statementHash: hash } = last;
      store.chains.setReceived(this.#chain, { seq, hash });
      this.#mailbox?.save();
      return kept;
    });
    if (this.peer.nick !== nick) this.#options.observe({ kind: 'nick', peer: this.peer });
    for (const flight of flights) {
      if (flight.outcome === 'accepted') continue;
      this.#options.observe({ kind: 'refused-for-age', peer: this.peer, seq: flight.seq, age: flight.age });
      void this.#connection.send({ kind: 'too-old', seq: flight.seq });
    }
    this.#options.onMessages(messages);
    void this.#connection.acknowledge(last.seq);
  }

  /** Seals what is queued, commits it, sends it; again until nothing is queued or the window is full. */
  async #pump(): Promise<void> {
    while (this.#sends) {
      this.#wanted = false;
      const sealed = await this.#sealQueued();
      const last = sealed.at(-1);
      if (last === undefined) return;
      const { store } = this.#home;
      store.transaction(() => {
        for (const { flight, numbers } of sealed) {
          store.outbox.markSent(numbers, recordOf(this.#chain, flight, this.#device.bundle.bytes));
        }
        store.chains.setSent(this.#chain, { seq: last.flight.seq, hash: last.flight.statementHash });
      });
      this.#sentSeq = last.flight.seq;
      this.#options.observe({ kind: 'sent', numbers: sealed.flatMap(({ numbers }) => numbers) });
      await this.#connection.send(
        ...sealed.map(({ flight }): Content => ({ kind: 'envelope', envelope: flight.envelope })),
      );
    }
  }

  /** Up to FLIGHTS_PER_COMMIT flights of what is queued, within the window of unacknowledged ones. */
  async #sealQueued(): Promise<{ flight: SealedFlight; numbers: readonly number[] }[]> {
    const now = this.#options.now();
    const room = Math.min(this.#room, FLIGHTS_PER_COMMIT);
    const sealed: { flight: SealedFlight; numbers: readonly number[] }[] = [];
    let after: number | undefined;
    while (sealed.length < room) {
      const batch = this.#home.store.outbox.nextBatch({ account: this.#chain.account }, after);
      if (batch.length === 0) break;
      sealed.push({ flight: await this.#seal(batch, now), numbers: batch.map(({ number }) => number) });
      after = batch.at(-1)?.number;
    }
    if (sealed.length === 0 && room > 0 && this.#live.stepDue(now)) {
      sealed.push({ flight: await this.#seal([{ type: TYPE_STEP, body: new Uint8Array(0) }], now), numbers: [] });
    }
    return sealed;
  }

  #seal(items: readonly Pick<QueuedMessage, 'type' | 'body'>[], now: number): Promise<SealedFlight> {
    const ctl = this.#firstCtl;
    this.#firstCtl = [];
    return this.#live.seal({ items, ctl, now });
  }

  /** Resolves when nothing is being sealed. */
  async #pumped(): Promise<void> {
    while (this.#pumping) await new Promise((resolve) => setImmediate(resolve));
  }

  async #sendClose(): Promise<void> {
    if (this.#closeSent || !this.#ready) return;
    this.#closeSent = true;
    await this.#connection.send({ kind: 'close', lastSeq: this.#sentSeq });
  }

  async #fail(error: unknown): Promise<LinkEnd> {
    if (error instanceof WaxwingError) {
      this.#connection.cut('storage');
      return { how: 'storage', error };
    }
    if (!isProtocolError(error)) throw error;
    if (error instanceof ChannelError) {
      // What came with the failure was authentic: an acknowledgement in it must not be lost.
      if (error.received.length > 0) await this.#take(error.received).catch(() => undefined);
      if (error.check === 'rejected') {
        this.#connection.end();
        return { how: 'rejected' };
      }
    }
    if (this.#live.failuresBehindHmac > 0 && this.#home.store.chains.countFailure(this.#chain)) {
      this.#options.observe({ kind: 'quarantined', peer: this.peer });
    }
    this.#connection.refuse();
    return { how: 'failed', error };
  }
}
