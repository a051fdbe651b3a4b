/** A conversation with an account through a relay: what the SDK's user holds. */
import { type Bytes, TYPE_TEXT, utf8 } from '@waxwing/protocol';
import type { Delivery } from '../direct/conversation.ts';
import { WaxwingError } from '../errors.ts';
import type { StoredMessage } from '../store/message.ts';
import type { ConversationView, RelayConversation } from './messenger.ts';
import { titleOf } from './names.ts';
import { type Place, viewAccount } from './place.ts';
import type { RelayMessage } from './relay-message.ts';

export interface AccountConversationOptions {
  readonly place: Place;
  readonly account: Bytes;
  /** Something was queued. */
  readonly onQueued: () => void;
  /** Messages up to a number were on screen, those up to another one before. */
  readonly onRead: (range: { readonly above: number; readonly number: number }) => void;
  readonly onTyping: (on: boolean) => void;
}

interface Waiting {
  readonly resolve: (delivery: Delivery) => void;
  readonly reject: (error: Error) => void;
}

export class AccountConversation implements RelayConversation {
  readonly account: Bytes;
  readonly #options: AccountConversationOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #inbox: RelayMessage[] = [];
  readonly #settled = new Set<() => void>();
  #reading = false;
  #arrival: (() => void) | undefined;
  #closed = false;

  constructor(options: AccountConversationOptions) {
    this.#options = options;
    this.account = options.account;
  }

  get view(): ConversationView {
    const { place } = this.#options;
    const { account } = this;
    const { contacts, history, mail } = place.store;
    return {
      key: { account },
      title: titleOf(place, account),
      peer: viewAccount(place, account),
      room: undefined,
      unread: history.counts({ account }).unread,
      pending: this.pending,
      lastAt: mail.lastAt(account),
      request: contacts.get(place.relay, account)?.standing === 'request',
    };
  }

  async send(text: string): Promise<Delivery> {
    const [number] = this.post([text]);
    if (number === undefined) throw new Error('post gives a number for each text');
    return await new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
  }

  post(texts: readonly string[]): readonly number[] {
    const { place, onQueued } = this.#options;
    const { store, relay } = place;
    const { account } = this;
    if (this.#closed) throw closedError();
    if (store.peers.get(account)?.blockedAt !== undefined) throw blockedError(viewAccount(place, account).fingerprint);
    const items = texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) }));
    const messages = store.transaction(() => {
      // To write to somebody is to be willing to hear him (§9.6).
      if (store.contacts.get(relay, account)?.standing !== 'open') store.contacts.add(relay, account, 'open');
      return store.outbox.enqueue({ account }, items);
    });
    onQueued();
    return messages.map(({ number }) => number);
  }

  resend(numbers: readonly number[]): readonly number[] {
    const queued = this.#options.place.store.outbox.resend(numbers);
    this.#options.onQueued();
    return queued;
  }

  get pending(): number {
    const { queued, sent } = this.#options.place.store.outbox.counts({ account: this.account });
    return queued + sent;
  }

  history(query: { readonly limit?: number; readonly search?: string } = {}): readonly StoredMessage[] {
    const { history, mail, mailboxes } = this.#options.place.store;
    const { account } = this;
    const peerRead = new Map<string, number>();
    const readUpTo = (message: StoredMessage): number => {
      const { ownDevice, peerDevice } = message;
      if (ownDevice === undefined || peerDevice === undefined) return 0;
      const name = `${ownDevice.join()}/${peerDevice.join()}`;
      const known = peerRead.get(name) ?? mailboxes.load({ ownDevice, account, peerDevice })?.notes.peerRead ?? 0;
      peerRead.set(name, known);
      return known;
    };
    return history.list({ conversation: { account }, ...query }).map((message) => {
      if (message.state === 'delivered' && (message.seq ?? 0) <= readUpTo(message))
        return { ...message, state: 'read' };
      if (message.state === 'too-old' && mail.wasGivenUp(message.number)) return { ...message, state: 'failed' };
      return message;
    });
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

  markRead(number: number): void {
    const { store } = this.#options.place;
    const { account } = this;
    const above = store.history.markRead({ account }, number);
    if (number > above) this.#options.onRead({ above, number });
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
    const { place } = this.#options;
    const { outbox, posted, mailboxes } = place.store;
    const { account } = this;
    const own = place.home.device.bundle.device;
    const waiting = mailboxes.ofAccount(own, account).map((key) => posted.waiting(key));
    return outbox.counts({ account }).queued + waiting.reduce((sum, one) => sum + one, 0);
  }
}

function closedError(): WaxwingError {
  return new WaxwingError(
    'not-acknowledged',
    'The messenger was closed before this message was delivered.',
    'It is kept, and goes out when the relay is connected again.',
  );
}

export function blockedError(fingerprint: string): WaxwingError {
  return new WaxwingError(
    'peer-blocked',
    `${fingerprint} is blocked here.`,
    `waxwing peers block --undo ${fingerprint}`,
  );
}
