/** One channel of one device with the relay: requests in, answers and events out, an orderly end (§11.4, §11.6). */
import {
  ChannelError,
  type Content,
  misplaced,
  type RelayContent,
  requireRelayContent,
} from '@waxwing/protocol/channel';
import {
  type Asked,
  type Bytes,
  DEAD_AFTER,
  decodeRequest,
  GOODBYE,
  type GoodbyeReason,
  isProtocolError,
  MAX_OPEN_REQUESTS,
  mailboxOf,
  type NoticedState,
  PING_AFTER,
  REFUSAL,
  type RelayEvent,
  SLOW_READER_AFTER,
  utf8,
} from '@waxwing/protocol/wire';
import { type BusMessage, mailboxSubject } from '../bus/bus.ts';
import { failureFields } from '../log.ts';
import type { Member } from '../store/store.ts';
import type { Wire, WireHandler } from '../wire/wire.ts';
import type { Caller, RelayParts } from './caller.ts';
import { Delivery } from './delivery.ts';
import { Outbound } from './outbound.ts';
import { Refusal } from './refusal.ts';
import { handle } from './request-handler.ts';
import { accountKey } from './requests/membership.ts';
import type { Speaker } from './speaker.ts';

/** When a client may come again, ms, by why it was sent away. */
const RETRY: Readonly<Record<GoodbyeReason, number>> = {
  [GOODBYE.draining]: 5_000,
  [GOODBYE.replaced]: 0,
  [GOODBYE.tooSlow]: 1_000,
  [GOODBYE.removed]: 0,
  [GOODBYE.tooMany]: 10_000,
};

/** What is the same for all sessions of a relay. */
export interface SessionHouse {
  readonly parts: RelayParts;
  /** The relay's account (32). */
  readonly relay: Bytes;
  /** Whether the relay takes no new requests. */
  readonly draining: () => boolean;
  /** These were put over this channel. */
  readonly remember: (session: Session, ids: readonly Bytes[]) => void;
  /** Called once. */
  readonly ended: (session: Session) => void;
  /** Monotonic, ms. */
  readonly stopwatch: () => number;
}

export interface SessionOptions {
  readonly wire: Wire;
  readonly speaker: Speaker;
  /** Names the channel, in memory. */
  readonly name: string;
  /** What is stored of the account, where it is a member. */
  readonly member: Member | undefined;
}

export class Session implements Caller, WireHandler {
  readonly parts: RelayParts;
  readonly channel: string;
  readonly address: string;
  readonly account: Bytes;
  readonly device: Bytes;
  readonly mailbox: Bytes;
  readonly key: string;
  readonly subject: string;
  readonly #house: SessionHouse;
  readonly #wire: Wire;
  readonly #speaker: Speaker;
  readonly #outbound: Outbound;
  readonly #delivery: Delivery;
  readonly #inbox: Asked[] = [];
  #working = false;
  #open = 0;
  #lastId = 0;
  #member: boolean;
  #ended = false;
  #shown: Bytes | undefined;
  #unsubscribe: (() => void) | undefined;
  #lastHeard: number;
  #lastPing: number;
  #congestedSince: number | undefined;

  /** Takes over a wire whose handshake has ended, and says welcome. Keeps little: there may be very many, and most are idle. */
  constructor(house: SessionHouse, { wire, speaker, name, member }: SessionOptions) {
    const { parts, relay } = house;
    const { account, device, bytes } = speaker.handshake.peer;
    this.#house = house;
    this.parts = parts;
    this.channel = name;
    this.address = wire.address;
    this.account = new Uint8Array(account); // a copy: they are parts of the bundle's bytes
    this.device = new Uint8Array(device);
    this.mailbox = mailboxOf(parts.primitives, { relay, account, device });
    this.key = accountKey(this);
    this.subject = mailboxSubject(this.mailbox);
    this.#shown = bytes;
    this.#wire = wire;
    this.#speaker = speaker;
    this.#outbound = new Outbound(wire, speaker);
    this.#lastHeard = this.#lastPing = house.stopwatch();
    this.#delivery = new Delivery({
      store: parts.store,
      mailbox: this.mailbox,
      send: (event) => this.#deliver(event),
      congested: () => this.#isCongested(),
      failed: (error) => parts.log.error({ event: 'delivery failed', ...failureFields(error) }),
    });
    const here = member !== undefined && mailboxSubject(member.mailbox) === this.subject;
    this.#member = false;
    this.#tell({
      event: 'welcome',
      member: here,
      name: utf8(member?.name ?? ''),
      prekeyCounter: here ? member.prekeyCounter : 0,
      entriesLeft: here ? member.entriesLeft : 0,
      waiting: here ? member.waiting : 0,
    });
    if (here) this.becomeMember();
  }

  get shown(): Bytes | undefined {
    return this.#shown;
  }

  get openRequests(): number {
    return this.#open;
  }

  becomeMember(): void {
    if (this.#member || this.#ended) return;
    this.#member = true;
    this.#shown = undefined;
    this.parts.bus.publish(this.subject, { kind: 'replaced', by: this.channel });
    this.#unsubscribe = this.parts.bus.subscribe(this.subject, (message) => this.#hear(message));
  }

  startDelivery(): void {
    this.#delivery.start();
  }

  confirmed(ids: readonly Bytes[]): void {
    this.#delivery.confirmed(ids);
  }

  remember(ids: readonly Bytes[]): void {
    this.#house.remember(this, ids);
  }

  /** What became of envelopes that were put over this channel. A client that does not read asks for it later. */
  notice(ids: readonly Bytes[], state: NoticedState): void {
    if (!this.#isCongested()) this.#tell({ event: 'status', notices: ids.map((id) => ({ id, state })) });
  }

  /** Looks at silence and at callers that do not read (§4, §11.6). */
  tick(now: number): void {
    if (this.#congestedSince !== undefined && now - this.#congestedSince >= SLOW_READER_AFTER) {
      this.goodbye(GOODBYE.tooSlow);
    } else if (now - this.#lastHeard >= DEAD_AFTER) {
      this.#wire.cut();
    } else if (now - Math.max(this.#lastHeard, this.#lastPing) >= PING_AFTER) {
      this.#lastPing = now;
      this.#outbound.say({ kind: 'ping' });
    }
  }

  /** The last event, then the authenticated close. */
  goodbye(reason: GoodbyeReason): void {
    if (this.#ended) return;
    this.parts.metrics.goodbye(reason);
    this.#tell({ event: 'goodbye', reason, retry: RETRY[reason] });
    this.#outbound.close();
    this.#end();
  }

  receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#lastHeard = this.#house.stopwatch();
    try {
      this.#takeAll(this.#speaker.receive(chunk));
    } catch (error) {
      if (error instanceof ChannelError) this.#takeReceived(error.received);
      this.#refuse(error);
    }
  }

  drained(): void {
    if (this.#congestedSince === undefined || this.#outbound.congested) return;
    this.#congestedSince = undefined;
    this.#wire.resume();
    this.#delivery.wake();
  }

  closed(): void {
    this.#end();
  }

  #takeReceived(contents: readonly Content[]): void {
    try {
      this.#takeAll(contents);
    } catch (error) {
      if (!isProtocolError(error)) throw error; // the channel ends in any case
    }
  }

  #takeAll(contents: readonly Content[]): void {
    for (const content of contents) {
      if (this.#ended) return;
      this.#take(requireRelayContent(content));
    }
  }

  /** @throws ProtocolError `record` for a request that is malformed or out of its turn */
  #take(content: RelayContent): void {
    if (content.kind === 'relay') {
      const asked = decodeRequest(content.body);
      if (asked.id !== this.#lastId + 1) throw misplaced('A request out of its turn');
      this.#lastId = asked.id;
      this.#open += 1;
      if (this.#open > MAX_OPEN_REQUESTS) this.goodbye(GOODBYE.tooMany);
      else {
        this.#inbox.push(asked);
        void this.#work();
      }
    } else if (content.kind === 'ping') {
      this.#outbound.say({ kind: 'pong' });
    } else if (content.kind === 'close') {
      this.#outbound.close();
      this.#end();
    }
  }

  /** Gives requests their place, one after the other; their answers come as they come. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let asked = this.#inbox.shift(); asked !== undefined && !this.#ended; asked = this.#inbox.shift()) {
      const { id, request } = asked;
      try {
        const { answer } = await this.#begin(request);
        answer
          .then(
            (given) => {
              this.parts.metrics.request(request.op, 0);
              this.#answered({ kind: 'answer', id, answer: given });
            },
            (error: unknown) => this.#refused(asked, error),
          )
          .catch((error: unknown) => this.#refuse(error));
      } catch (error) {
        this.#refused(asked, error);
      }
    }
    this.#working = false;
  }

  async #begin(request: Asked['request']): Promise<Awaited<ReturnType<typeof handle>>> {
    if ((await this.parts.rates.requests.take(this.channel)) > 0) {
      this.goodbye(GOODBYE.tooMany);
      throw new Refusal(REFUSAL.tooMany);
    }
    if (this.#house.draining()) throw new Refusal(REFUSAL.draining, RETRY[GOODBYE.draining]);
    return await handle(this, request, this.#member);
  }

  #refused({ id, request }: Asked, error: unknown): void {
    let refusal = error;
    if (!(refusal instanceof Refusal)) {
      this.parts.log.error({ event: 'request failed', op: request.op, ...failureFields(error) });
      refusal = new Refusal(REFUSAL.cannotStore, 1_000);
    }
    const { code, retry } = refusal as Refusal;
    this.parts.metrics.request(request.op, code);
    this.#answered({ kind: 'refusal', id, code, retry });
  }

  #answered(reply: Parameters<Outbound['reply']>[0]): void {
    this.#open -= 1;
    this.#outbound.reply(reply);
    this.#isCongested();
  }

  #deliver(event: RelayEvent): void {
    if (event.event === 'deliver') this.parts.metrics.delivered(event.envelopes.length);
    this.#tell(event);
  }

  #tell(event: RelayEvent): void {
    this.#outbound.reply({ kind: 'event', event });
    this.#isCongested();
  }

  #hear(message: BusMessage): void {
    switch (message.kind) {
      case 'stored':
        this.#delivery.wake();
        break;
      case 'signal':
        if (!this.#isCongested()) this.#tell({ event: 'signal', outer: message.outer });
        break;
      case 'entries':
        this.#tell({ event: 'entries', left: message.left });
        break;
      case 'replaced':
        if (message.by !== this.channel) this.goodbye(GOODBYE.replaced);
        break;
      case 'removed':
        this.goodbye(GOODBYE.removed);
        break;
      case 'notices':
        break; // heard for all sessions at once
    }
  }

  /** Whether too much waits to be written; from then on nothing more is read. */
  #isCongested(): boolean {
    if (!this.#outbound.congested) return false;
    if (this.#congestedSince === undefined) {
      this.#congestedSince = this.#house.stopwatch();
      this.#wire.pause();
    }
    return true;
  }

  /** Whatever fails here ends this channel, and no other. */
  #refuse(error: unknown): void {
    const event = 'channel failed';
    if (isProtocolError(error)) this.parts.log.debug({ event, ...failureFields(error) });
    else this.parts.log.error({ event, ...failureFields(error) });
    this.#outbound.refuse();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inbox.length = 0;
    this.#delivery.end();
    this.#unsubscribe?.();
    this.#house.ended(this);
  }
}
