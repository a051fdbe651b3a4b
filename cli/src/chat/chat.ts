/** The two-terminal chat: what the user types goes to the endpoint, what happens comes to the screen. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClientEnd,
  type Conversation,
  type DirectClient,
  type DirectEvent,
  type DirectServer,
  type Home,
  isWaxwingError,
} from '@waxwing/client';
import type { ChatScreen, ScreenInput } from '../terminal/chat-screen.ts';
import { parseEntry } from '../terminal/slash-commands.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.ts';
import type { Xray } from '../xray/xray.ts';
import { ChatCommands } from './chat-commands.ts';
import type { ChatView } from './chat-view.ts';

/** Posted and not yet acknowledged: above this, standard input waits. */
const MOST_UNDER_WAY = 8_192;
/** Counting what is under way costs a query: once in so many lines is enough. */
const ROOM_ASKED_EVERY = 1_024;
/** With `--once`: how long a server whose connection was cut waits for its peer to come back, ms. */
const COME_BACK_WITHIN = 60_000;

/** What both ends of a direct chat offer. */
export interface Endpoint {
  post(texts: readonly string[]): readonly number[];
  close(): Promise<void>;
}

export interface ChatOptions {
  readonly screen: ChatScreen;
  readonly view: ChatView;
  readonly home: Home;
  readonly xray: Xray;
  readonly now: () => number;
}

/** One run of a chat, from the first typed line to the end. */
export class Chat {
  readonly #options: ChatOptions;
  readonly #commands: ChatCommands;
  #endpoint: Endpoint | undefined;
  /** A client's: what is typed before anyone answers waits under it. */
  #address: string | undefined;
  #conversation: () => Conversation | undefined = () => undefined;
  #pending: { readonly text: string }[] = [];
  #flushing = false;
  readonly #finished = Promise.withResolvers<ExitCode>();
  #leaving = false;
  #lines = 0;
  readonly #resent = new Set<number>();
  /** Refused by the peer for their age, and not delivered since. */
  readonly #tooOld = new Set<number>();
  /** Why the first text of the input that was not taken was not: whoever pipes sees the exit code alone. */
  #refused: ExitCode | undefined;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#commands = new ChatCommands({
      ...options,
      conversation: () => this.#conversation(),
      leave: () => {
        void this.#leave(EXIT.ok);
      },
    });
  }

  /** What `listen` and `dial` are to tell. */
  readonly observe = (event: DirectEvent): void => {
    this.#options.view.observe(event);
    if (event.kind === 'delivered') for (const number of event.numbers) this.#tooOld.delete(number);
    if (event.kind === 'too-old') for (const number of event.numbers) this.#tooOld.add(number);
    if (event.kind !== 'too-old' || this.#options.screen.interactive) return;
    // Nobody is there to type /resend: piped input sends once again by itself.
    const first = event.numbers.filter((number) => !this.#resent.has(number));
    for (const number of first) this.#resent.add(number);
    this.#conversation()?.resend(first);
  };

  /** Chats as a server until the user leaves or, with `once`, the peer does. */
  async serve(server: DirectServer, once: boolean): Promise<ExitCode> {
    this.#endpoint = server;
    this.#conversation = () => server.current;
    void this.#read(() => undefined); // at the end of input a server goes on receiving
    if (once) {
      void this.#firstToLeave(server).then((code) => this.#leave(code));
    }
    return await this.#finished.promise;
  }

  /** Chats as a client until the user leaves, the peer does, or piped input is through. */
  async connect(client: DirectClient): Promise<ExitCode> {
    this.#endpoint = client;
    let connected = false;
    this.#address = client.name;
    this.#conversation = () => (connected ? client.conversation : undefined);
    const end = Promise.withResolvers<undefined>();
    void this.#read(() => {
      end.resolve(undefined);
    });
    try {
      await client.connect();
      connected = true;
      void end.promise.then(() => this.#leaveWhenDelivered(client));
      void client.ended.then((ended) => this.#clientEnded(ended));
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      if (this.#leaving) return await this.#finished.promise; // it ended because the user left
      this.#options.view.error(error);
      this.#flush();
      this.#tellKept();
      this.#finished.resolve(exitCodeOf(error.code));
    }
    return await this.#finished.promise;
  }

  /** A signal or a failure from outside ends the chat in order. */
  async stop(code: ExitCode): Promise<void> {
    await this.#leave(code);
  }

  async #read(onEnd: () => void): Promise<void> {
    for await (const input of this.#options.screen.input) {
      if (this.#take(input) === 'end') onEnd();
      await this.#roomForMore();
    }
  }

  #take(input: ScreenInput): 'end' | undefined {
    const { screen } = this.#options;
    switch (input.kind) {
      case 'entry': {
        const entry = parseEntry(input.text);
        if (entry.kind === 'message') this.#send(entry.text);
        else if (entry.kind === 'mistake') screen.notice(entry.sentence, 'warning');
        else if (entry.kind === 'command') {
          this.#flush();
          void this.#commands.run(entry.command);
        }
        return undefined;
      }
      case 'message':
        this.#send(input.text);
        return undefined;
      case 'refused':
        this.#refused ??= EXIT.usage;
        screen.notice(
          `Line ${String(input.line)} of the input (${String(input.bytes)} bytes) ${input.reason === 'not-utf-8' ? 'is not UTF-8 text' : 'is too long for one message'}: it was not sent.`,
          'error',
        );
        return undefined;
      case 'end':
        this.#flush();
        return 'end';
      case 'leave':
        this.#flush();
        if (input.draft !== '') screen.keep(input.draft);
        void this.#leave(EXIT.ok);
        return undefined;
    }
  }

  /** Lines that come in one go share one commit. */
  #send(text: string): void {
    this.#pending.push({ text });
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#flushing = false;
    const { screen, view, now } = this.#options;
    const texts = this.#pending.map(({ text }) => text);
    this.#pending = [];
    if (texts.length === 0 || this.#endpoint === undefined) return;
    try {
      const numbers = this.#endpoint.post(texts);
      texts.forEach((text, index) => {
        const number = numbers[index];
        if (number !== undefined) screen.outgoing({ number, text, at: now(), state: 'queued' });
      });
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      if (texts.length > 1) {
        this.#sendOneByOne(texts);
        return;
      }
      this.#refused ??= exitCodeOf(error.code);
      view.error(error);
      screen.keep(texts[0] ?? '');
    }
  }

  /** One text of several does not fit: the others must not suffer for it. */
  #sendOneByOne(texts: readonly string[]): void {
    for (const text of texts) {
      this.#pending = [{ text }];
      this.#flush();
    }
  }

  /** Standard input is read no faster than the peer acknowledges. */
  async #roomForMore(): Promise<void> {
    this.#lines += 1;
    if (this.#lines % ROOM_ASKED_EVERY !== 0) return;
    const { input } = this.#options.screen;
    while (!this.#leaving && !input.ended && this.#pending.length + this.#underWay() > MOST_UNDER_WAY) {
      await sleep(20);
    }
  }

  #underWay(): number {
    const conversation = this.#conversation();
    if (conversation !== undefined) return conversation.pending;
    return this.#address === undefined ? 0 : this.#options.home.store.outbox.counts({ address: this.#address }).queued;
  }

  /** How many messages are kept for the next connection. */
  #tellKept(): number {
    const count = this.#underWay();
    if (count > 0) {
      this.#options.screen.notice(
        `${String(count)} ${count === 1 ? 'message was' : 'messages were'} not acknowledged: kept, and sent on the next connection to the same peer.`,
        'warning',
      );
    }
    return count;
  }

  /** How many messages the peer refused for their age and never got. */
  #tellTooOld(): number {
    const count = this.#tooOld.size;
    if (count > 0) {
      this.#options.screen.notice(
        `${String(count)} ${count === 1 ? 'message was' : 'messages were'} not delivered: too old on arrival. Kept; in the next chat /resend sends again.`,
        'warning',
      );
    }
    return count;
  }

  async #leaveWhenDelivered(client: DirectClient): Promise<void> {
    this.#flush();
    while (!this.#leaving && client.conversation.pending > 0) {
      await client.conversation.flush(1_000);
      if (!client.conversation.connected) await sleep(100);
    }
    await this.#leave(EXIT.ok);
  }

  async #firstToLeave(server: DirectServer): Promise<ExitCode> {
    for await (const conversation of server) {
      const ended = conversation.ended.then(() => EXIT.ok);
      for (let cutAt: number | undefined; ; ) {
        const code = await Promise.race([ended, sleep(1_000, undefined)]);
        if (code !== undefined) return code;
        cutAt = conversation.connected ? undefined : (cutAt ?? performance.now());
        if (cutAt !== undefined && performance.now() - cutAt > COME_BACK_WITHIN) return EXIT.undelivered;
      }
    }
    return EXIT.ok;
  }

  #clientEnded(end: ClientEnd): void {
    if (this.#leaving) return;
    if (end.how === 'failed') {
      this.#options.view.error(end.error);
      void this.#leave(exitCodeOf(end.error.code));
    } else {
      void this.#leave(EXIT.ok);
    }
  }

  async #leave(code: ExitCode): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#flush();
    await this.#endpoint?.close();
    const undelivered = this.#tellKept() + this.#tellTooOld();
    const refused = this.#options.screen.interactive ? undefined : this.#refused;
    const fault = undelivered > 0 ? EXIT.undelivered : refused;
    this.#finished.resolve(code === EXIT.ok ? (fault ?? code) : code);
  }
}
