/** One channel with a relay (§11.1, §11.4): requests out in turn, answers as they come, news, an orderly end. */
import {
  ANSWER_WITHIN,
  type CborValue,
  decodeReply,
  decodeRequest,
  encodeRequest,
  isProtocolError,
  MAX_OPEN_REQUESTS,
  MAX_TAKEN_UNCONFIRMED,
  type RelayAnswer,
  type RelayEvent,
  type RelayOp,
  type RelayRequest,
} from '@waxwing/protocol';
import { ChannelError, type Content, misplaced, requireRelayContent } from '@waxwing/protocol/channel';
import type { Connection } from '../connection/connection.ts';
import { checkAnswer } from './relay-answer.ts';
import { cutFailure, floodFailure, goodbyeFailure, RelayFailure, refusalOf } from './relay-failure.ts';
import type { RelayNews } from './relay-line-events.ts';

/** How long the end of a channel waits for what is under way, and then for the relay's own close, ms. */
const CLOSE_WAIT = 2_000;
/** How often it is looked whether anything is answered, ms. */
const LOOK_EVERY = 5_000;

/** The answer to a request, by its op. */
export type AnswerOf<Op extends RelayOp> =
  Extract<RelayAnswer, { op: Op }> extends never ? RelayAnswer : Extract<RelayAnswer, { op: Op }>;

interface Asked {
  readonly request: RelayRequest;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** What `openRelayChannel` has read to the end of the welcome. */
export interface OpenedConnection {
  readonly connection: Connection;
  readonly batches: AsyncGenerator<readonly Content[]>;
  /** What came in one batch with the welcome. */
  readonly early: readonly Content[];
  /** Monotonic, in milliseconds. */
  readonly stopwatch: () => number;
}

export class RelayChannel {
  readonly #connection: Connection;
  readonly #batches: AsyncGenerator<readonly Content[]>;
  readonly #early: readonly Content[];
  readonly #stopwatch: () => number;
  /** When the relay last said something, or was asked something while nothing was under way. */
  #progress = 0;
  /** Asked and not answered, at most MAX_OPEN_REQUESTS. */
  readonly #open = new Map<number, Asked>();
  readonly #waiting: Asked[] = [];
  #lastId = 0;
  /** Envelopes that were delivered here, and not confirmed or given back since. */
  #unconfirmed = 0;
  #pumping = false;
  #closing = false;
  #ended = false;
  #goodbye: Extract<RelayEvent, { event: 'goodbye' }> | undefined;
  #idle: () => void = () => undefined;
  readonly #over = Promise.withResolvers<undefined>();

  /** Takes over a connection whose welcome has been read. */
  constructor({ connection, batches, early, stopwatch }: OpenedConnection) {
    this.#connection = connection;
    this.#batches = batches;
    this.#early = early;
    this.#stopwatch = stopwatch;
  }

  /**
   * Asks now, or once fewer than 64 are unanswered, in the order of the calls.
   * @throws RelayFailure as the relay refuses, or `connection-cut`; ProtocolError `record` for a request of no good
   *   shape, which would end the channel for all others
   */
  ask<const Op extends RelayOp>(request: Extract<RelayRequest, { op: Op }>): Promise<AnswerOf<Op>> {
    const { promise, resolve, reject } = Promise.withResolvers<AnswerOf<Op>>();
    if (this.#closing || this.#ended) reject(cutFailure('closed'));
    else {
      this.#waiting.push({ request, resolve, reject });
      void this.#pump();
    }
    return promise;
  }

  /**
   * Works until the channel ends; call it once. Gives why it ended, or undefined after `close`: whatever was not
   * answered has failed by then.
   */
  async run(onNews: (news: RelayNews) => void): Promise<RelayFailure | undefined> {
    let end: RelayFailure | undefined;
    const look = setInterval(() => this.#lookForAnswers(), LOOK_EVERY).unref();
    try {
      end = await this.#read(onNews);
      return end;
    } finally {
      clearInterval(look);
      this.#ended = true;
      const unanswered = [...this.#open.values(), ...this.#waiting.splice(0)];
      this.#open.clear();
      for (const { reject } of unanswered) reject(cutFailure('it was not answered', end));
      this.#idle();
      this.#over.resolve(undefined);
    }
  }

  /** Lets what is under way be answered, says [5, 0], waits for the relay's; not for long. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      const timer = setTimeout(() => this.#idle(), CLOSE_WAIT);
      await this.#answered();
      clearTimeout(timer);
      void this.#connection.send({ kind: 'close', lastSeq: 0 });
      setTimeout(() => this.#connection.cut('closed'), CLOSE_WAIT).unref();
    }
    await this.#over.promise;
  }

  /** Ends it at once. */
  cut(): void {
    this.#closing = true;
    this.#connection.cut('closed');
  }

  /** Resolves when nothing is under way, or `#idle` was called otherwise. */
  async #answered(): Promise<void> {
    if (this.#ended || (this.#open.size === 0 && this.#waiting.length === 0)) return;
    await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** A relay that lives and answers nothing: the next channel asks again. */
  #lookForAnswers(): void {
    if (this.#open.size > 0 && this.#stopwatch() - this.#progress >= ANSWER_WITHIN) this.#connection.cut('unanswered');
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#open.size < MAX_OPEN_REQUESTS) {
      const asked = this.#waiting.shift();
      if (asked === undefined) break;
      const id = this.#lastId + 1;
      try {
        const content = this.#checked(id, asked.request);
        if (this.#open.size === 0) this.#progress = this.#stopwatch();
        this.#open.set(id, asked);
        const sent = this.#connection.send(content);
        this.#lastId = id;
        this.#noteAsked(asked.request);
        await sent; // a relay that reads slowly makes the next ones wait here
      } catch (error) {
        // Nothing of it has left: its number is the next one's.
        this.#open.delete(id);
        this.#lastId = id - 1;
        asked.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#pumping = false;
  }

  /** Where the mailbox is asked for anew, the relay begins anew: what was taken before is done with by then. */
  #noteAsked(request: RelayRequest): void {
    if (request.op === 'receive') this.#unconfirmed = 0;
    else if (request.op === 'confirm' || request.op === 'unopenable') this.#unconfirmed -= request.ids.length;
    this.#unconfirmed = Math.max(this.#unconfirmed, 0);
  }

  #checked(id: number, request: RelayRequest): Content {
    const body: CborValue[] = encodeRequest(id, request);
    decodeRequest(body);
    return { kind: 'relay', body };
  }

  async #read(onNews: (news: RelayNews) => void): Promise<RelayFailure | undefined> {
    try {
      if (this.#takeAll(this.#early, onNews)) return this.#finish();
      for await (const batch of this.#batches) if (this.#takeAll(batch, onNews)) return this.#finish();
    } catch (error) {
      return this.#fail(error, onNews);
    }
    this.#connection.end();
    if (this.#closing) return undefined;
    return this.#goodbye ? goodbyeFailure(this.#goodbye) : cutFailure(this.#connection.cutReason ?? 'no goodbye');
  }

  /** Whether the channel ended with it. */
  #takeAll(contents: readonly Content[], onNews: (news: RelayNews) => void): boolean {
    for (const content of contents) {
      const { kind, ...rest } = requireRelayContent(content);
      if (kind === 'close') return true;
      if ('body' in rest) this.#take(rest.body, onNews);
    }
    return false;
  }

  /** @throws RelayFailure `relay-flood`: what is opened more slowly than it comes must not pile up here (§11.4) */
  #countDelivered(count: number): void {
    this.#unconfirmed += count;
    if (this.#unconfirmed > MAX_TAKEN_UNCONFIRMED) throw floodFailure();
  }

  /** @throws ProtocolError `record`; RelayFailure `relay-flood` */
  #take(body: readonly CborValue[], onNews: (news: RelayNews) => void): void {
    if (this.#goodbye !== undefined) throw misplaced('A relay message after the goodbye');
    this.#progress = this.#stopwatch();
    const reply = decodeReply(body, (id) => this.#open.get(id)?.request.op);
    if (reply.kind === 'event') {
      if (reply.event.event === 'deliver') this.#countDelivered(reply.event.envelopes.length);
      if (reply.event.event === 'goodbye') this.#goodbye = reply.event;
      else if (reply.event.event === 'welcome') throw misplaced('A second welcome');
      else if (reply.event.event !== 'unknown') onNews(reply.event);
      return;
    }
    const asked = this.#open.get(reply.id);
    if (asked === undefined) throw misplaced('An answer to nothing');
    if (reply.kind === 'answer') checkAnswer(asked.request, reply.answer);
    this.#open.delete(reply.id);
    if (reply.kind === 'answer') asked.resolve(reply.answer as never);
    else asked.reject(refusalOf(reply.code, reply.retry));
    if (this.#open.size === 0 && this.#waiting.length === 0) this.#idle();
    else void this.#pump();
  }

  /** The relay said [5, 0]. */
  #finish(): RelayFailure | undefined {
    if (this.#closing) {
      this.#connection.cut('closed'); // both have said it
      return undefined;
    }
    void this.#connection.send({ kind: 'close', lastSeq: 0 });
    this.#connection.end();
    return this.#goodbye ? goodbyeFailure(this.#goodbye) : cutFailure('no goodbye');
  }

  #fail(error: unknown, onNews: (news: RelayNews) => void): RelayFailure {
    if (error instanceof RelayFailure) {
      this.#connection.refuse();
      return error;
    }
    if (!isProtocolError(error)) {
      this.#connection.cut('failed');
      throw error;
    }
    if (error instanceof ChannelError) this.#takeAuthentic(error, onNews);
    if (error.check === 'rejected') this.#connection.end();
    else this.#connection.refuse();
    return cutFailure(error.message, error);
  }

  /** What came with the failure was authentic: answers in it are answers. */
  #takeAuthentic(failure: ChannelError, onNews: (news: RelayNews) => void): void {
    try {
      this.#takeAll(failure.received, onNews);
    } catch (error) {
      // The channel ends in any case.
      if (!isProtocolError(error) && !(error instanceof RelayFailure)) throw error;
    }
  }
}
