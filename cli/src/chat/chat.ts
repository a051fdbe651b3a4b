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
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { type Command, DIRECT_COMMANDS } from '../terminal/direct-commands.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.ts';
import type { Xray } from '../xray/xray.ts';
import { ChatCommands } from './chat-commands.ts';
import type { ChatView } from './chat-view.ts';
import { Composer } from './composer.ts';

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
  readonly #composer: Composer<Command>;
  #endpoint: Endpoint | undefined;
  /** A client's: what is typed before anyone answers waits under it. */
  #address: string | undefined;
  #conversation: () => Conversation | undefined = () => undefined;
  readonly #finished = Promise.withResolvers<ExitCode>();
  #leaving = false;
  readonly #resent = new Set<number>();
  /** Refused by the peer for their age, and not delivered since. */
  readonly #tooOld = new Set<number>();
  constructor(options: ChatOptions) {
    this.#options = options;
    const leave = (): void => {
      void this.#leave(EXIT.ok);
    };
    const commands = new ChatCommands({ ...options, conversation: () => this.#conversation(), leave });
    this.#composer = new Composer({
      ...options,
      commands: DIRECT_COMMANDS,
      post: (texts) => this.#endpoint?.post(texts) ?? [],
      run: (command) => {
        void commands.run(command);
        return undefined;
      },
      error: (error) => {
        options.view.error(error);
      },
      underWay: () => this.#underWay(),
      leave,
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
    void this.#composer.read(() => undefined); // at the end of input a server goes on receiving
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
    void this.#composer.read(() => {
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
      this.#composer.flush();
      this.#tellKept();
      this.#finished.resolve(exitCodeOf(error.code));
    }
    return await this.#finished.promise;
  }

  /** A signal or a failure from outside ends the chat in order. */
  async stop(code: ExitCode): Promise<void> {
    await this.#leave(code);
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
    this.#composer.flush();
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
    this.#composer.stop();
    this.#composer.flush();
    await this.#endpoint?.close();
    const undelivered = this.#tellKept() + this.#tellTooOld();
    const refused = this.#options.screen.interactive ? undefined : this.#composer.refused;
    const fault = undelivered > 0 ? EXIT.undelivered : refused;
    this.#finished.resolve(code === EXIT.ok ? (fault ?? code) : code);
  }
}
