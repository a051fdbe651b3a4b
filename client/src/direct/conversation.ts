/**
 * A conversation with one account: what the SDK's user holds. It outlives connections: what is typed while there is none
 * waits on disk and is sent by the next one.
 */
import { type Primitives, TYPE_TEXT, utf8 } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { Connection } from '../connection/connection.ts';
import type { Observer, ReceivedMessage } from './event.ts';
import { Link, type LinkEnd } from './link.ts';
import type { PeerView } from './peer-view.ts';

/** What became of a sent message. */
export interface Delivery {
  /** `#N` */
  readonly number: number;
  /** The peer has it on disk; or it arrived outside the time window and `resend` would send it anew (§5.5). */
  readonly outcome: 'delivered' | 'too-old';
}

export interface ConversationOptions {
  readonly home: Home;
  readonly primitives: Primitives;
  readonly now: () => number;
  readonly observe: Observer;
  /** Keep messages for the iterator from the start; without it they are kept only while someone iterates. */
  readonly buffer: boolean;
}

/** How long `close` waits for acknowledgements, ms. */
const FLUSH_WAIT = 10_000;

export class Conversation implements AsyncIterable<ReceivedMessage> {
  readonly #options: ConversationOptions;
  #peer: PeerView;
  #link: Link | undefined;
  /** The connection worked over, or the one that is next. */
  #connection: Connection | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #lastMessage = performance.now();
  #closed = false;
  #closing: Promise<void> | undefined;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #inbox: ReceivedMessage[] = [];
  #buffering: boolean;
  #arrival: (() => void) | undefined;
  readonly #waiting = new Map<number, { resolve: (delivery: Delivery) => void; reject: (error: Error) => void }>();
  readonly #settled: (() => void)[] = [];

  /** Made by `listen` and `dial`. */
  constructor(peer: PeerView, options: ConversationOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#buffering = options.buffer;
  }

  get peer(): PeerView {
    this.#peer = this.#link?.peer ?? this.#peer;
    return this.#peer;
  }

  /** False once it was closed or the peer left: it takes no more messages. */
  get open(): boolean {
    return !this.#closed;
  }

  /** Resolves when it was closed or the peer left; a cut does not end it. */
  get ended(): Promise<undefined> {
    return this.#end.promise;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** Milliseconds since the peer last said something, or since it last connected. */
  get silence(): number {
    return performance.now() - this.#lastMessage;
  }

  /** The six digits of the current connection (§3). */
  get sas(): string | undefined {
    return this.#link?.connection.handshake.sas;
  }

  /**
   * Sends a text and resolves when the peer has it on disk (or refused it for its age).
   * @throws WaxwingError `too-large` at once; `not-acknowledged` where the conversation was closed before: the message
   *   stays in the outbox and goes out on the next connection to the same peer
   */
  async send(text: string): Promise<Delivery> {
    const [number] = this.post([text]);
    if (number === undefined) throw new Error('post gives a number for each text');
    return await new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  }

  /**
   * Puts texts on disk to be sent, in order, and returns their numbers. What becomes of them is told by events.
   * @throws WaxwingError `too-large` (then none is kept), `disk-full` …
   */
  post(texts: readonly string[]): readonly number[] {
    if (this.#closed) {
      throw new WaxwingError('not-acknowledged', 'This conversation is closed.', 'Connect again and send it there.');
    }
    const items = texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) }));
    const to = { account: this.#peer.account };
    // On the way of a typed line the disk is forced once: before it leaves.
    const leavesAtOnce = this.#link?.sendsAtOnce ?? false;
    const messages = this.#options.home.store.outbox.enqueue(to, items, { leavesAtOnce });
    this.#link?.wake();
    return messages.map(({ number }) => number);
  }

  /** Sends again what the peer refused for its age. The numbers queued. */
  resend(numbers: readonly number[]): readonly number[] {
    const queued = this.#options.home.store.outbox.resend(numbers);
    this.#link?.wake();
    return queued;
  }

  /** How many messages are not yet acknowledged. */
  get pending(): number {
    const { queued, sent } = this.#options.home.store.outbox.counts({ account: this.#peer.account });
    return queued + sent;
  }

  /** Received messages from now on, in order, each once. Ends when the conversation is closed. One reader at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage> {
    this.#buffering = true;
    for (;;) {
      const next = this.#inbox.shift();
      if (next !== undefined) yield next;
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => (this.#arrival = resolve));
    }
  }

  /** Resolves when everything posted is acknowledged, or after `ms`, or when the connection ends. True when all is. */
  async flush(ms: number = FLUSH_WAIT): Promise<boolean> {
    if (this.pending === 0) return true;
    if (this.#link === undefined) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#settled.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return this.pending === 0;
  }

  /** Waits for acknowledgements (10 s at most), tells the peer, and ends. What is unacknowledged stays on disk. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    await this.flush();
    this.#closed = true; // before the last await: nothing may be posted into a conversation that ends
    await this.#link?.leave();
    await this.#running;
    this.#endWaiting();
  }

  /** The peer left: readers end, and what is unacknowledged stays on disk. For `listen` and `dial`. */
  finish(): void {
    this.#closed = true;
    this.#endWaiting();
  }

  /** Works over a connection until that ends; `onReady` when the peer has let us in. For `listen` and `dial`. */
  async attach(connection: Connection, onReady: () => void): Promise<LinkEnd> {
    // One link at a time, however many connections come at once: two would seal with the same sequence numbers (§5.2).
    this.#connection?.cut('replaced');
    this.#connection = connection;
    this.#lastMessage = performance.now();
    const run = this.#running.then(() => this.#work(connection, onReady));
    this.#running = run.catch(() => undefined);
    return await run;
  }

  async #work(connection: Connection, onReady: () => void): Promise<LinkEnd> {
    try {
      if (!this.#closed) return await this.#converse(connection, onReady);
      connection.cut('closed');
      return { how: 'cut', reason: 'closed' };
    } finally {
      if (this.#connection === connection) this.#connection = undefined;
    }
  }

  async #converse(connection: Connection, onReady: () => void): Promise<LinkEnd> {
    const link = new Link({
      ...this.#options,
      connection,
      onReady,
      onMessages: (messages) => {
        this.#deliver(messages);
      },
      onDelivered: (numbers) => {
        this.#resolve(numbers, 'delivered');
      },
      onTooOld: (numbers) => {
        this.#resolve(numbers, 'too-old');
      },
    });
    this.#link = link;
    try {
      return await link.run();
    } finally {
      this.#peer = link.peer;
      this.#link = undefined;
      this.#settle();
    }
  }

  #deliver(messages: readonly ReceivedMessage[]): void {
    for (const message of messages) this.#options.observe({ kind: 'message', message });
    if (messages.length === 0) return;
    this.#lastMessage = performance.now();
    if (!this.#buffering) return;
    this.#inbox.push(...messages);
    this.#arrival?.();
  }

  #resolve(numbers: readonly number[], outcome: Delivery['outcome']): void {
    if (numbers.length === 0) return;
    this.#options.observe({ kind: outcome, numbers });
    for (const number of numbers) {
      this.#waiting.get(number)?.resolve({ number, outcome });
      this.#waiting.delete(number);
    }
    if (this.#settled.length > 0 && this.pending === 0) this.#settle();
  }

  #settle(): void {
    for (const settled of this.#settled.splice(0)) settled();
  }

  #endWaiting(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(
        new WaxwingError(
          'not-acknowledged',
          'The conversation ended before the peer acknowledged this message.',
          'It is kept and goes out on the next connection to the same peer.',
        ),
      );
    }
    this.#waiting.clear();
    this.#arrival?.();
    this.#end.resolve(undefined);
  }
}
