/** A chat through a relay: what the user types goes to the conversation the prompt names, what happens comes to the screen. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Home,
  isWaxwingError,
  type Messenger,
  type MessengerEnd,
  type RelayConversation,
  type RelayEvent,
  WaxwingError,
} from '@waxwing/client';
import { Composer } from '../chat/composer.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import type { Xray } from '../xray/xray.ts';
import { Places } from './places.ts';
import { RELAY_COMMANDS, type RelayCommand } from './relay-command-table.ts';
import { RelayCommands } from './relay-commands.ts';
import { RelayChatView, whoWord } from './relay-view.ts';

/** Piped input has nobody to wait for: the relay is tried for this long, ms. */
const FLUSH_PIPED = 60_000;
/** What is under way when a user leaves has so long to reach the relay, ms. */
const FLUSH_LEAVING = 5_000;

export interface RelayChatOptions {
  readonly screen: ChatScreen;
  readonly home: Home;
  readonly xray: Xray;
  readonly log: (event: RelayEvent) => void;
  readonly now: () => number;
}

export class RelayChat {
  readonly #options: RelayChatOptions;
  readonly #view: RelayChatView;
  readonly #places: Places;
  /** Resolved when the relay is there for the first time. */
  readonly #connected = Promise.withResolvers<undefined>();
  /** Resolved when the relay could not be reached, or went away. */
  readonly #apart = Promise.withResolvers<undefined>();
  readonly #finished = Promise.withResolvers<ExitCode>();
  /** Where something was posted in this run. */
  readonly #written = new Set<RelayConversation>();
  #messenger: Messenger | undefined;
  #composer: Composer<RelayCommand> | undefined;
  #leaving = false;

  constructor(options: RelayChatOptions) {
    const messenger = (): Messenger | undefined => this.#messenger;
    this.#options = options;
    this.#places = new Places({ screen: options.screen, messenger });
    this.#view = new RelayChatView({ ...options, places: this.#places, messenger });
  }

  /** What `openMessenger` is to tell. */
  readonly observe = (event: RelayEvent): void => {
    this.#view.observe(event);
    if (event.kind === 'connected') this.#connected.resolve(undefined);
    if (event.kind === 'cut' || event.kind === 'retrying') this.#apart.resolve(undefined);
  };

  /** Everybody and every room that one can mean by typing, for Tab. */
  titles(): readonly string[] {
    const views = this.#messenger?.conversations() ?? [];
    const members = views.flatMap(({ room }) => room?.members ?? []);
    const peers = [
      ...views.flatMap(({ peer }) => peer ?? []),
      ...members.flatMap(({ peer }) => (peer === 'me' ? [] : [peer])),
    ];
    const rooms = views.flatMap(({ room, title }) => (room === undefined ? [] : [title]));
    const people = peers.map((peer) => {
      const title = this.#messenger?.titleOf(peer.account) ?? '';
      // A claimed name finds nobody.
      return title.startsWith('~') || title.startsWith('SHA256:') ? peer.fingerprint.slice(0, 15) : title;
    });
    return [...new Set([...rooms, ...people])].filter((title) => title !== '' && !title.includes('"'));
  }

  /** The line being typed has changed. */
  readonly typed = (text: string): void => {
    if (this.#leaving || this.#options.home.store.settings.get('typing') === 'off') return;
    this.#places.current?.typing(text !== '' && !text.startsWith('/'));
  };

  /** Chats until the user leaves, piped input is through, or the relay ends it for good. `to`: whom typed text goes to first. */
  async run(messenger: Messenger, to: string | undefined): Promise<ExitCode> {
    const { home } = this.#options;
    this.#messenger = messenger;
    const leave = (): void => {
      void this.#leave(EXIT.ok);
    };
    const commands = new RelayCommands({
      ...this.#options,
      view: this.#view,
      places: this.#places,
      messenger,
      written: (conversation) => this.#written.add(conversation),
      leave,
    });
    const composer = new Composer<RelayCommand>({
      ...this.#options,
      commands: RELAY_COMMANDS,
      post: (texts) => this.#post(texts),
      conversation: () => this.#places.title,
      run: (command) => this.#untilLeaving(commands.run(command)),
      error: (error) => {
        this.#view.error(error);
      },
      underWay: () => home.store.outbox.counts().queued,
      leave,
    });
    this.#composer = composer;
    void messenger.ended.then((end) => this.#ended(end));
    this.#places.begin();
    await this.#begin(commands, to);
    // Commands of a script mean what is there; without the relay they mean what is here.
    const there = messenger.caughtUp().catch(() => undefined); // how it ended is told by `ended`
    if (!this.#options.screen.interactive) await this.#untilLeaving(Promise.race([there, this.#apart.promise]));
    composer
      .read(() => {
        void this.#leaveWhenSent();
      })
      .catch(this.#finished.reject);
    return await this.#finished.promise;
  }

  /** Whom a run begins with: the one asked for; at a terminal the one spoken with last. */
  async #begin(commands: RelayCommands, to: string | undefined): Promise<void> {
    const messenger = this.#messenger as Messenger;
    const { screen } = this.#options;
    for (const { request, invitation, title, peer } of messenger.conversations()) {
      if (!request || peer === undefined) continue;
      const who = whoWord(title, peer);
      screen.notice(
        invitation === undefined
          ? `A request of ${this.#view.name(peer)} waits: /join ${who} shows it, then /accept, /refuse or /block.`
          : `${this.#view.name(peer)} invites you to ${conversationLabel(`#${invitation}`)}: /accept ${who} takes you there, /refuse ${who} does not.`,
      );
    }
    try {
      const last = screen.interactive
        ? messenger.conversations().find(({ request, room }) => !request && (room?.standing ?? 'member') === 'member')
        : undefined;
      if (to !== undefined) await this.#go(commands, to);
      else if (last !== undefined) commands.enter(messenger.conversationOf(last.key));
      else if (screen.interactive)
        screen.notice(
          'No conversation yet: /msg @name TEXT begins one, /link makes a link for somebody, /help lists the rest.',
        );
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      this.#view.error(error);
      if (!screen.interactive) await this.#leave(exitCodeOf(error.code));
    }
  }

  /** Goes to whom the relay alone may know: at a terminal as soon as it is there, and nobody is kept from typing meanwhile. */
  async #go(commands: RelayCommands, to: string): Promise<void> {
    const messenger = this.#messenger as Messenger;
    try {
      commands.enter(await messenger.open(to));
    } catch (error) {
      if (!isWaxwingError(error, 'not-connected')) throw error;
      const later = this.#connected.promise.then(async () => {
        if (this.#places.current === undefined) commands.enter(await messenger.open(to));
      });
      if (!this.#options.screen.interactive) {
        const tooLate = sleep(FLUSH_PIPED, undefined, { ref: false }).then(() => Promise.reject(error));
        await this.#untilLeaving(Promise.race([later, tooLate]));
        return;
      }
      later.catch((failed: unknown) => {
        if (isWaxwingError(failed)) this.#view.error(failed);
        else this.#finished.reject(failed);
      });
    }
  }

  /** @throws WaxwingError */
  #post(texts: readonly string[]): readonly number[] {
    const { current } = this.#places;
    if (current === undefined) {
      throw new WaxwingError(
        'name-unknown',
        'You are in no conversation, so nothing was sent.',
        'Go to one: /join @name or /join #room; or say it with /msg @name TEXT. For piped input: --to @name.',
      );
    }
    this.#written.add(current);
    return current.post(texts);
  }

  /** What a command waits for (the relay, perhaps) must not keep a user who leaves. */
  async #untilLeaving(running: Promise<void>): Promise<void> {
    const { screen } = this.#options;
    const settled = running.then(() => 'done' as const);
    while ((await Promise.race([settled, sleep(50, 'running')])) !== 'done') {
      if (!screen.input.ended) continue; // a pipe's end is none: only somebody who leaves ends it
      settled.catch(this.#finished.reject);
      return;
    }
  }

  #ended(end: MessengerEnd): void {
    if (this.#leaving || end.how === 'closed') return;
    this.#view.error(end.error);
    void this.#leave(exitCodeOf(end.error.code));
  }

  /** Piped input is through: left when the relay has all of it. */
  async #leaveWhenSent(): Promise<void> {
    this.#composer?.flush();
    const end = performance.now() + FLUSH_PIPED;
    for (const conversation of this.#written) {
      if (this.#leaving) return;
      await conversation.flush('sent', Math.max(0, end - performance.now()));
    }
    await this.#leave(EXIT.ok);
  }

  async #leave(code: ExitCode): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#composer?.flush();
    this.#composer?.stop();
    this.#places.flush();
    this.#view.end();
    await this.#messenger?.close(FLUSH_LEAVING);
    const kept = await this.#tellKept();
    const refused = this.#options.screen.interactive ? undefined : this.#composer?.refused;
    const fault = kept ? EXIT.undelivered : refused;
    this.#finished.resolve(code === EXIT.ok ? (fault ?? code) : code);
  }

  /** Whether something that was written in this run has not reached the relay; says so. */
  async #tellKept(): Promise<boolean> {
    const kept: string[] = [];
    for (const conversation of this.#written) {
      if (!(await conversation.flush('sent', 0))) kept.push(conversationLabel(conversation.view.title));
    }
    if (kept.length === 0) return false;
    this.#options.screen.notice(
      `Not everything for ${kept.join(', ')} has reached the relay: kept, and sent with the next chat.`,
      'warning',
    );
    return true;
  }
}
