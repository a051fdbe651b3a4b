/** What the user does, read in order: texts go out together in one commit, commands run, the end is told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isWaxwingError, type WaxwingError } from '@waxwing/client';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-code.ts';
import type { ChatScreen, ScreenInput } from '../terminal/chat-screen.ts';
import type { SlashCommands } from '../terminal/slash-commands.ts';

/** Posted and not yet acknowledged: above this, standard input waits. */
const MOST_UNDER_WAY = 8_192;
/** Counting what is under way costs a query: once in so many lines is enough. */
const ROOM_ASKED_EVERY = 1_024;

export interface ComposerOptions<Command extends { readonly name: string }> {
  readonly screen: ChatScreen;
  readonly commands: SlashCommands<Command>;
  readonly now: () => number;
  /** Puts texts on disk to be sent, in order; all or none. @throws WaxwingError */
  readonly post: (texts: readonly string[]) => readonly number[];
  /** The title of the conversation they go to, where there are several. */
  readonly conversation?: () => string | undefined;
  /** Runs a command; the next input is taken when what it returns has settled. */
  readonly run: (command: Command) => Promise<void> | undefined;
  readonly error: (error: WaxwingError) => void;
  /** The user leaves. Everything typed was posted, or is kept on screen. */
  readonly leave: () => void;
  /** How much is posted and not yet acknowledged. */
  readonly underWay: () => number;
}

export class Composer<Command extends { readonly name: string }> {
  readonly #options: ComposerOptions<Command>;
  #pending: string[] = [];
  #flushing = false;
  #lines = 0;
  #refused: ExitCode | undefined;
  #stopped = false;

  constructor(options: ComposerOptions<Command>) {
    this.#options = options;
  }

  /** Why the first text of the input that was not taken was not: whoever pipes sees the exit code alone. */
  get refused(): ExitCode | undefined {
    return this.#refused;
  }

  /** Reads until the user leaves; `onEnd` at the end of an input that nobody types. */
  async read(onEnd: () => void): Promise<void> {
    for await (const input of this.#options.screen.input) {
      await this.#take(input, onEnd);
      await this.#roomForMore();
    }
  }

  /** Posts what was typed so far. */
  flush(): void {
    this.#flushing = false;
    const texts = this.#pending;
    this.#pending = [];
    if (texts.length > 0) this.#post(texts);
  }

  /** Waits for nothing any more. */
  stop(): void {
    this.#stopped = true;
  }

  async #take(input: ScreenInput, onEnd: () => void): Promise<void> {
    const { screen, commands } = this.#options;
    switch (input.kind) {
      case 'entry': {
        const entry = commands.parse(input.text);
        if (entry.kind === 'message') this.#send(entry.text);
        else if (entry.kind === 'mistake') screen.notice(entry.sentence, 'warning');
        else if (entry.kind === 'command') {
          this.flush();
          await this.#options.run(entry.command);
        }
        return;
      }
      case 'message':
        this.#send(input.text);
        return;
      case 'refused':
        this.#refused ??= EXIT.usage;
        screen.notice(
          `Line ${String(input.line)} of the input (${String(input.bytes)} bytes) ${input.reason === 'not-utf-8' ? 'is not UTF-8 text' : 'is too long for one message'}: it was not sent.`,
          'error',
        );
        return;
      case 'end':
        this.flush();
        onEnd();
        return;
      case 'leave':
        this.flush();
        if (input.draft !== '') screen.keep(input.draft);
        this.#options.leave();
    }
  }

  /** Lines that come in one go share one commit. */
  #send(text: string): void {
    this.#pending.push(text);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.flush();
    });
  }

  #post(texts: readonly string[]): void {
    const { screen, now } = this.#options;
    try {
      const numbers = this.#options.post(texts);
      const conversation = this.#options.conversation?.();
      const where = conversation === undefined ? {} : { conversation };
      texts.forEach((text, index) => {
        const number = numbers[index];
        if (number !== undefined) screen.outgoing({ number, text, at: now(), state: 'queued', ...where });
      });
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      // One text of several does not fit: the others must not suffer for it.
      if (texts.length > 1) for (const text of texts) this.#post([text]);
      else this.#giveBack(texts[0] ?? '', error);
    }
  }

  #giveBack(text: string, error: WaxwingError): void {
    this.#refused ??= exitCodeOf(error.code);
    this.#options.error(error);
    this.#options.screen.keep(text);
  }

  /** Standard input is read no faster than the peer acknowledges. */
  async #roomForMore(): Promise<void> {
    this.#lines += 1;
    if (this.#lines % ROOM_ASKED_EVERY !== 0) return;
    const { screen, underWay } = this.#options;
    while (!this.#stopped && !screen.input.ended && this.#pending.length + underWay() > MOST_UNDER_WAY) {
      await sleep(20);
    }
  }
}
