/** What goes out and comes in at a relay: outbox, sealed envelopes, mailbox and receipts, and who wakes whom. */
import { type Bytes, type ControlEntry, toHex } from '@waxwing/protocol';
import type { WaxwingError } from '../errors.ts';
import type { RelayNews, RelayWelcome } from '../relay/relay-line-events.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { PostedEnvelope } from '../store/posted.ts';
import { AcceptedFlights, type ControlDoor, type ItemDoor } from './accepted-flights.ts';
import { Conversations } from './conversations.ts';
import { Incoming, type RoomDoor } from './incoming.ts';
import { LinkBook } from './link-book.ts';
import { MailboxWatch } from './mailbox-watch.ts';
import { Outgoing } from './outgoing.ts';
import { Pairs } from './pairs.ts';
import type { Place } from './place.ts';
import type { PrekeyKeeper } from './prekey-keeper.ts';
import { PutQueue } from './put-queue.ts';
import { ReceiptBook } from './receipt-book.ts';
import { ReceiptTimer } from './receipt-timer.ts';
import { UnopenedBook } from './unopened-book.ts';

/** What others of the program take part in. */
export interface Guests {
  readonly room?: RoomDoor | undefined;
  readonly items?: readonly ItemDoor[];
  readonly control?: readonly ControlDoor[];
  /** What they say beside the items of a flight to this account. */
  readonly more?: (account: Bytes) => readonly ControlEntry[];
  /** Whether an account is known from elsewhere than peers and contacts. */
  readonly isKnown?: (account: Bytes) => boolean;
}

export interface TrafficOptions {
  readonly place: Place;
  readonly keeper: PrekeyKeeper;
  readonly readReceipts: (account: Bytes) => boolean;
  readonly guests: Guests;
  /** The mailbox was read empty. */
  readonly onCaughtUp: () => void;
  readonly onFault: (error: unknown) => void;
}

export class Traffic {
  readonly pairs: Pairs;
  readonly links: LinkBook;
  readonly unopened: UnopenedBook;
  readonly conversations: Conversations;
  readonly outgoing: Outgoing;
  readonly #place: Place;
  readonly #puts: PutQueue;
  readonly #incoming: Incoming;
  readonly #mailbox: MailboxWatch;
  readonly #receipts: ReceiptTimer;

  constructor({ place, keeper, readReceipts, guests, onCaughtUp, onFault }: TrafficOptions) {
    this.#place = place;
    this.pairs = new Pairs(place);
    this.links = new LinkBook(place);
    this.unopened = new UnopenedBook(place);
    const { pairs, links, unopened } = this;
    const wake = (account: Bytes): void => {
      this.outgoing.wake(account);
    };
    this.conversations = new Conversations({
      place,
      pairs,
      onQueued: wake,
      onRead: (account) => {
        if (readReceipts(account)) this.owe(account);
      },
      onFault,
    });
    this.#receipts = new ReceiptTimer(wake);
    this.#mailbox = new MailboxWatch(() => {
      this.#receipts.flush();
      onCaughtUp();
    });
    this.#puts = new PutQueue({
      place,
      onStored: (envelopes) => {
        this.#stored(envelopes);
      },
      onHeld: (envelopes, error) => {
        this.#held(this.#numbersOf(envelopes), error);
      },
      onRefused: (envelopes, error) => {
        this.#held(this.#numbersOf(envelopes), error);
      },
      onFault,
    });
    this.outgoing = new Outgoing({
      place,
      pairs,
      readReceipts,
      more: guests.more ?? (() => []),
      onSealed: () => {
        this.#puts.wake();
      },
      onStarted: () => undefined,
      onHeld: (account, error) => {
        const numbers = place.store.outbox.nextBatch({ account }).map(({ number }) => number);
        this.#held(numbers, error);
      },
      onFault,
    });
    const receipts = new ReceiptBook({
      place,
      onDelivered: (account, numbers) => {
        this.conversations.delivered(account, numbers);
      },
      onQueued: wake,
    });
    const flights = new AcceptedFlights({
      place,
      keeper,
      receipts,
      links,
      items: guests.items ?? [],
      control: guests.control ?? [],
      isKnown: guests.isKnown ?? (() => false),
      onMessages: (messages) => {
        this.conversations.show(messages);
      },
      onHeard: (account) => {
        this.#receipts.owe(account, { soon: this.#mailbox.empty });
      },
    });
    this.#incoming = new Incoming({
      place,
      pairs,
      keeper,
      flights,
      unopened,
      room: guests.room,
      onTaken: (count) => {
        this.#mailbox.taken(count);
      },
      onFault,
    });
  }

  /** The mailbox has been read empty on this channel. */
  get caughtUp(): boolean {
    return this.#mailbox.empty;
  }

  /** Nothing is queued that could go, nothing is being sealed, and the relay has what was sealed. */
  get quiet(): boolean {
    const { posted } = this.#place.store;
    return this.outgoing.idle && posted.toPut(this.#place.relay, 1, new Set()).length === 0;
  }

  up(requests: RelayRequests, { waiting }: Pick<RelayWelcome, 'waiting'>): void {
    const { store, relay } = this.#place;
    this.#incoming.up(requests);
    this.outgoing.up(requests);
    this.#puts.up(requests);
    this.#mailbox.up(waiting);
    requests.receive().catch(() => undefined); // the channel has ended: the next one asks again
    for (const { account } of store.contacts.list(relay)) this.outgoing.wake(account);
  }

  down(): void {
    this.#incoming.down();
    this.outgoing.down();
    this.#puts.down();
    this.#mailbox.down();
  }

  take(news: Extract<RelayNews, { readonly event: 'deliver' }>): void {
    this.#incoming.take(news.envelopes);
  }

  /** Something is to be told to this account soon. */
  owe(account: Bytes): void {
    this.#receipts.owe(account, { soon: true });
  }

  /** All receipts that are owed go now. */
  flushReceipts(): void {
    this.#receipts.flush();
  }

  /** Resolves when nothing is being opened. */
  async settled(): Promise<void> {
    await this.#incoming.settled();
  }

  end(): void {
    this.#receipts.stop();
    this.down();
    this.conversations.close();
  }

  #stored(envelopes: readonly PostedEnvelope[]): void {
    const { store, observe } = this.#place;
    store.transaction(() => {
      store.posted.stored(envelopes.map(({ id }) => id));
    });
    const numbers = this.#numbersOf(envelopes);
    if (numbers.length > 0) observe({ kind: 'sent', numbers });
    for (const account of accountsOf(envelopes)) {
      this.conversations.of(account).settle();
      this.outgoing.wake(account);
    }
  }

  #numbersOf(envelopes: readonly PostedEnvelope[]): readonly number[] {
    return envelopes
      .filter(({ room }) => room === undefined)
      .flatMap(({ chain, seq }) => this.#place.store.mail.numbersOf(chain, [seq]))
      .sort((a, b) => a - b);
  }

  #held(numbers: readonly number[], error: WaxwingError): void {
    if (numbers.length > 0) this.#place.observe({ kind: 'held-back', numbers, error });
  }
}

function accountsOf(envelopes: readonly PostedEnvelope[]): readonly Bytes[] {
  return [...new Map(envelopes.map(({ chain }) => [toHex(chain.account), chain.account])).values()];
}
