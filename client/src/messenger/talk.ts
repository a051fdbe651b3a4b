/** What conversations with accounts and with rooms have in common: sending, waiting, and reading what comes. */
import { TYPE_TEXT, utf8 } from '@waxwing/protocol';
import type { Delivery } from '../direct/conversation.ts';
import { WaxwingError } from '../errors.ts';
import type { ConversationKey, StoredMessage } from '../store/message.ts';
import type { ConversationView, RelayConversation } from './messenger.ts';
import type { Place } from './place.ts';
import type { RelayMessage } from './relay-message.ts';

export interface TalkOptions {
  readonly place: Place;
  /** Something was queued. */
  readonly onQueued: () => void;
  readonly onTyping: (on: boolean) => void;
}

interface Waiting {
  readonly resolve: (delivery: Delivery) => void;
  readonly reject: (error: Error) => void;
}

export abstract class Talk implements RelayConversation {
  protected readonly place: Place;
  /** Under this it is in the store. */
  protected readonly key: Exclude<ConversationKey, { readonly address: string }>;
  readonly #options: TalkOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #inbox: RelayMessage[] = [];
  readonly #settled = new Set<() => void>();
  #reading = false;
  #arrival: (() => void) | undefined;
  #closed = false;

  constructor(options: TalkOptions, key: Exclude<ConversationKey, { readonly address: string }>) {
    this.#options = options;
    this.place = options.place;
    this.key = key;
  }

  abstract get view(): ConversationView;

  abstract history(query?: { readonly limit?: number; readonly search?: string }): readonly StoredMessage[];

  abstract markRead(number: number): void;

  /** @throws WaxwingError where nothing can be said here now */
  protected abstract mayPost(): void;

  /** Inside the transaction that queues. */
  protected abstract begin(): void;

  /** Sealed, and not on the relay's disk yet. */
  protected abstract underWay(): number;

  async send(text: string): Promise<Delivery> {
    const [number] = this.post([text]);
    if (number === undefined) throw new Error('post gives a number for each text');
    return await new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  }

  post(texts: readonly string[]): readonly number[] {
    const { store } = this.place;
    if (this.#closed) throw closedError();
    this.mayPost();
    const items = texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) }));
    const messages = store.transaction(() => {
      this.begin();
      return store.outbox.enqueue(this.key, items);
    });
    this.#options.onQueued();
    return messages.map(({ number }) => number);
  }

  resend(numbers: readonly number[]): readonly number[] {
    const queued = this.place.store.outbox.resend(numbers);
    this.#options.onQueued();
    return queued;
  }

  get pending(): number {
    const { queued, sent } = this.place.store.outbox.counts(this.key);
    return queued + sent;
  }

  async flush(until: 'sent' | 'delivered', ms = 10_000): Promise<boolean> {
    const done = (): boolean => (until === 'delivered' ? this.pending === 0 : this.#unsent() === 0);
    if (done()) return true;
    const end = performance.now() + ms;
    while (!done() && performance.now() < end && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, end - performance.now());
        this.#settled.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return done();
  }

  typing(on: boolean): void {
    this.#options.onTyping(on);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RelayMessage> {
    this.#reading = true;
    for (;;) {
      const next = this.#inbox.shift();
      if (next !== undefined) yield next;
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => (this.#arrival = resolve));
    }
  }

  /** On disk, to be shown. For the messenger, as all below. */
  take(messages: readonly RelayMessage[]): void {
    if (!this.#reading) return;
    this.#inbox.push(...messages);
    this.#arrival?.();
  }

  delivered(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#waiting.get(number)?.resolve({ number, outcome: 'delivered' });
      this.#waiting.delete(number);
    }
    this.settle();
  }

  notDelivered(numbers: readonly number[], error: WaxwingError): void {
    for (const number of numbers) {
      this.#waiting.get(number)?.reject(error);
      this.#waiting.delete(number);
    }
    this.settle();
  }

  /** Something went on: whoever waits looks again. */
  settle(): void {
    for (const settled of this.#settled) settled();
    this.#settled.clear();
  }

  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(closedError());
    this.#waiting.clear();
    this.#arrival?.();
    this.settle();
  }

  /** Queued, or not on the relay's disk yet. */
  #unsent(): number {
    return this.place.store.outbox.counts(this.key).queued + this.underWay();
  }
}

function closedError(): WaxwingError {
  return new WaxwingError(
    'not-acknowledged',
    'The messenger was closed before this message was delivered.',
    'It is kept, and goes out when the relay is connected again.',
  );
}
