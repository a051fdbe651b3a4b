/** What goes out and comes in at a relay: outbox, sealed envelopes, mailbox and receipts, and who wakes whom. */
import {
  type Bytes,
  type ControlEntry,
  ENVELOPE_STATE,
  type EnvelopeState,
  type OpenedMailboxFlight,
  type Party,
  REFUSAL,
  toHex,
} from '@waxwing/protocol';
import { isDiskFailure, type WaxwingError } from '../errors.ts';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayNews, RelayWelcome } from '../relay/relay-line-events.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { PostedEnvelope, PostedLine } from '../store/posted.ts';
import type { RoomInvitation } from '../store/room-invitation.ts';
import { AcceptedFlights, type ControlDoor, type ItemDoor } from './accepted-flights.ts';
import { type Chore, Chores } from './chores.ts';
import { Conversations } from './conversations.ts';
import { type BatchGuest, Incoming, type RoomDoor } from './incoming.ts';
import { HeldBack } from './held-back.ts';
import { LinkBook } from './link-book.ts';
import { LostEnvelopes } from './lost-envelopes.ts';
import { MailboxWatch } from './mailbox-watch.ts';
import type { OpenedMail } from './opened-mail.ts';
import { Outgoing } from './outgoing.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { type Place, viewAccount } from './place.ts';
import type { PrekeyKeeper } from './prekey-keeper.ts';
import { PutQueue } from './put-queue.ts';
import { QuoteBook } from './quote-book.ts';
import { ReceiptBook } from './receipt-book.ts';
import { ReceiptTimer } from './receipt-timer.ts';
import type { Where } from './relay-event.ts';
import { RequestBook } from './request-book.ts';
import { Typing } from './typing.ts';
import { UnopenedBook } from './unopened-book.ts';

/** What others of the program take part in. */
export interface Guests {
  readonly room?: RoomDoor | undefined;
  readonly items?: readonly ItemDoor[];
  readonly control?: readonly ControlDoor[];
  /** What they say beside the items of a flight to this account. */
  readonly more?: (account: Bytes) => readonly ControlEntry[];
  /** A flight with this ctl is on disk. */
  readonly said?: (account: Bytes, ctl: readonly ControlEntry[]) => void;
  readonly batch?: BatchGuest | undefined;
  /** Whether an account is in a room with us. */
  readonly isMember?: (account: Bytes) => boolean;
  /** What room a stranger's flight invites to, where it does nothing else. */
  readonly invitation?: (flight: OpenedMailboxFlight, pair: Pair) => Promise<RoomInvitation | undefined>;
  /** Flights to this device did not arrive. */
  readonly onLost?: (peer: Party) => void;
  /** What became of a copy of a room's envelope, where the relay has something to say of it. */
  readonly onRoomStored?: (envelopes: readonly PostedEnvelope[]) => void;
  readonly onRoomEnvelope?: (envelope: PostedLine, state: EnvelopeState) => void;
  /** The room of a typing signal, where this account is in it. */
  readonly typingIn?: (room: Bytes, account: Bytes) => Where | undefined;
}

export interface TrafficOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  readonly keeper: PrekeyKeeper;
  readonly readReceipts: (account: Bytes) => boolean;
  readonly guests: Guests;
  /** The mailbox was read empty. */
  readonly onCaughtUp: () => void;
  /** Its request was accepted, by a word of the user's to it. */
  readonly onAccepted: (account: Bytes) => void;
  readonly onFault: (error: unknown) => void;
}

export class Traffic {
  readonly pairs: Pairs;
  readonly links: LinkBook;
  readonly unopened: UnopenedBook;
  readonly conversations: Conversations;
  readonly outgoing: Outgoing;
  readonly lost: LostEnvelopes;
  readonly quotes: QuoteBook;
  readonly strangers: RequestBook;
  readonly held = new HeldBack();
  readonly #place: Place;
  readonly #guests: Guests;
  readonly #puts: PutQueue;
  readonly #incoming: Incoming;
  readonly #mailbox: MailboxWatch;
  readonly #receipts: ReceiptTimer;
  readonly #typing: Typing;
  readonly #chores: Chores;
  readonly #onFault: (error: unknown) => void;
  #requests: RelayRequests | undefined;

  constructor({ place, pairs, keeper, readReceipts, guests, onCaughtUp, onAccepted, onFault }: TrafficOptions) {
    this.#place = place;
    this.#guests = guests;
    this.#onFault = onFault;
    this.pairs = pairs;
    this.links = new LinkBook(place);
    this.unopened = new UnopenedBook(place);
    this.strangers = new RequestBook(place, guests.isMember ?? (() => false));
    const chores = new Chores({ place, onFault });
    this.#chores = chores;
    const { links, unopened } = this;
    const onLost = guests.onLost ?? ((): void => undefined);
    const wake = (account: Bytes): void => {
      this.outgoing.wake(account);
    };
    this.conversations = new Conversations({
      place,
      pairs,
      onQueued: wake,
      onAccepted,
      onRead: (account) => {
        if (readReceipts(account)) this.owe(account);
      },
      onTyping: (account, on) => {
        this.typing(account, { on });
      },
      chores,
    });
    this.lost = new LostEnvelopes({
      place,
      pairs,
      onQueued: wake,
      onNotDelivered: (account, numbers, error) => {
        place.observe({ kind: 'not-delivered', numbers, error });
        this.conversations.of(account).notDelivered(numbers, error);
      },
      onLost,
      onRoom: guests.onRoomEnvelope ?? (() => undefined),
    });
    this.#typing = new Typing({ place, pairs, room: guests.typingIn ?? (() => undefined) });
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
        for (const account of accountsOf(envelopes)) this.held.note(account, error);
        this.#tellHeld(this.#numbersOf(envelopes), error);
      },
      onRefused: (envelopes, failure) => {
        // Whatever else it says, it will not take them: as if their mailbox were gone.
        const state = failure.refusal === REFUSAL.idTaken ? ENVELOPE_STATE.unopenable : ENVELOPE_STATE.mailboxGone;
        this.#noticed(envelopes.map(({ id }) => ({ id, state })));
      },
      onFault,
    });
    this.outgoing = new Outgoing({
      place,
      pairs,
      readReceipts,
      mayTell: (account) => this.#mayTell(account),
      more: guests.more ?? (() => []),
      said: guests.said ?? (() => undefined),
      onSealed: () => {
        this.#puts.wake();
      },
      onStarted: (account, { pair, newDevice }) => {
        if (newDevice) place.observe({ kind: 'new-device', peer: viewAccount(place, account) });
        this.#moved(account, pair.key.peerDevice);
      },
      onHeld: (account, error) => {
        this.held.note(account, error);
        const numbers = place.store.outbox.nextBatch({ account }).map(({ number }) => number);
        this.#tellHeld(numbers, error);
      },
      onFault,
    });
    const receipts = new ReceiptBook({
      place,
      onDelivered: (account, numbers) => {
        this.conversations.delivered(account, numbers);
      },
      onLost,
      onQueued: wake,
    });
    this.quotes = new QuoteBook({
      place,
      pairs,
      unopened,
      mayTell: (account) => this.#mayTell(account),
      onMessages: (messages) => {
        this.conversations.show(messages);
      },
      onQueued: wake,
    });
    const { quotes } = this;
    const flights = new AcceptedFlights({
      place,
      keeper,
      receipts,
      links,
      requests: this.strangers,
      items: [(item, _, pair) => quotes.take(item, pair), ...(guests.items ?? [])],
      control: [(flight, pair) => quotes.answer(flight, pair), ...(guests.control ?? [])],
      isMember: guests.isMember ?? (() => false),
      invitation: guests.invitation ?? (() => Promise.resolve(undefined)),
      onMessages: (messages) => {
        this.conversations.show(messages);
      },
      onHeard: (account, { device, newDevice }) => {
        this.#receipts.owe(account, { soon: this.#mailbox.empty });
        if (newDevice) this.#moved(account, device);
        chores.add(`heard/${toHex(account)}`, () => this.lost.heard(account));
      },
    });
    this.#incoming = new Incoming({
      place,
      pairs,
      keeper,
      flights,
      unopened,
      room: guests.room,
      batch: guests.batch,
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
    this.#requests = requests;
    this.#incoming.up(requests);
    this.outgoing.up(requests);
    this.#puts.up(requests);
    this.#mailbox.up(waiting);
    requests.receive().catch(() => undefined); // the channel has ended: the next one asks again
    this.#chores.add('greet', async () => {
      for (const { account, linkProof } of store.contacts.list(relay)) {
        // Who came by a contact link says so at once, if only with a step (§11.2).
        this.outgoing.wake(account, { step: linkProof !== undefined && !this.#hasWritten(account) });
      }
    });
  }

  /** Not who is blocked; nor a stranger, unless he is in a room with us: then only what concerns it. */
  #mayTell(account: Bytes): boolean {
    const { store, relay } = this.#place;
    const standing = store.contacts.get(relay, account)?.standing;
    if (standing === undefined || store.peers.get(account)?.blockedAt !== undefined) return false;
    return standing !== 'request' || this.#guests.isMember?.(account) === true;
  }

  #hasWritten(account: Bytes): boolean {
    const { store, home } = this.#place;
    return store.mailboxes
      .ofAccount(home.device.bundle.device, account)
      .some((key) => store.chains.get(key).sent.seq > 0);
  }

  down(): void {
    this.#requests = undefined;
    this.#incoming.down();
    this.outgoing.down();
    this.#puts.down();
    this.#mailbox.down();
  }

  take(news: Exclude<RelayNews, { readonly event: 'entries' }>): void {
    switch (news.event) {
      case 'deliver':
        this.#incoming.take(news.envelopes);
        return;
      case 'status':
        this.#noticed(news.notices);
        return;
      case 'signal':
        this.#typing.take(news.outer).catch((error: unknown) => this.#signalFailed(error));
    }
  }

  /** A signal to an account; `room` (32) where somebody types in one. */
  typing(account: Bytes, signal: { readonly on: boolean; readonly room?: Bytes }): void {
    if (this.#requests === undefined) return;
    this.#typing.say(this.#requests, account, signal).catch((error: unknown) => {
      this.#signalFailed(error);
    });
  }

  /** A signal may be lost. */
  #signalFailed(error: unknown): void {
    if (!(error instanceof RelayFailure) && !isDiskFailure(error)) this.#onFault(error);
  }

  /** Envelopes were sealed elsewhere, and are to be put. */
  put(): void {
    this.#puts.wake();
  }

  /** Something is to be told to this account soon. */
  owe(account: Bytes): void {
    this.#receipts.owe(account, { soon: true });
  }

  /** Opens something that is not of the mailbox, in its turn with that; again where the disk fails. */
  open(work: () => Promise<OpenedMail>): void {
    this.#chores.addEach(() => this.#incoming.alone(work));
  }

  /** Work with the disk that nobody waits for: again where the disk fails. One of this name at a time is enough. */
  inBackground(name: string, work: Chore): void {
    this.#chores.add(name, work);
  }

  /** All receipts that are owed go now. */
  flushReceipts(): void {
    this.#receipts.flush();
  }

  /** Resolves when what could be sealed now is, and the relay has answered it once. */
  async tried(): Promise<void> {
    await this.outgoing.settled();
    await this.#puts.answered();
  }

  /** Resolves when nothing is being opened. */
  async settled(): Promise<void> {
    await this.#incoming.settled();
  }

  /** After `end`: resolves when what was to be done with the disk is done, or the disk did not let it. */
  async done(): Promise<void> {
    await this.#chores.settled();
  }

  end(): void {
    this.#receipts.stop();
    this.strangers.stop();
    this.#chores.end();
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
    this.#guests.onRoomStored?.(envelopes);
    for (const account of accountsOf(envelopes)) {
      this.held.clear(account);
      this.conversations.of(account).settle();
      this.outgoing.wake(account);
    }
  }

  #noticed(notices: readonly { readonly id: Bytes; readonly state: EnvelopeState }[]): void {
    for (const { id, state } of notices) {
      this.#chores.add(`${toHex(id)}/${String(state)}`, () => this.lost.notice(id, state));
    }
  }

  #moved(account: Bytes, device: Bytes): void {
    this.#chores.add(`moved/${toHex(account)}/${toHex(device)}`, async () => {
      this.lost.moved(account, device);
    });
  }

  #numbersOf(envelopes: readonly PostedEnvelope[]): readonly number[] {
    return envelopes
      .filter(({ room }) => room === undefined)
      .flatMap(({ chain, seq }) => this.#place.store.mail.numbersOf(chain, [seq]))
      .sort((a, b) => a - b);
  }

  #tellHeld(numbers: readonly number[], error: WaxwingError): void {
    if (numbers.length > 0) this.#place.observe({ kind: 'held-back', numbers, error });
  }
}

function accountsOf(envelopes: readonly PostedEnvelope[]): readonly Bytes[] {
  return [...new Map(envelopes.map(({ chain }) => [toHex(chain.account), chain.account])).values()];
}
