/** The slash commands that look at messages and at oneself: alike in every chat that has a home. */
import type { Home, StoredMessage } from '@waxwing/client';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import type { MessageCommand } from '../terminal/message-commands.ts';
import { proofReport } from '../text/proof-report.ts';
import { sanitiseName } from '../text/sanitise.ts';
import { type Refusal, whyReport } from '../text/why.ts';
import type { Xray } from '../xray/xray.ts';
import type { MessageView } from './message-view.ts';
import { proofOfStored } from './proof.ts';

export interface MessageCommandsOptions {
  readonly screen: ChatScreen;
  readonly home: Home;
  readonly view: MessageView;
  /** Of the conversation the user is in, oldest first; of all while there is none. */
  readonly history: (query: { readonly limit?: number; readonly search?: string }) => readonly StoredMessage[];
  /** Prints such messages. */
  readonly show: (messages: readonly StoredMessage[]) => void;
  /** Sends again what was not delivered. The numbers queued. */
  readonly resend: (numbers: readonly number[]) => readonly number[];
  /** The lines of `/help`, safe to print. */
  readonly help: (topic?: string) => readonly string[];
  readonly xray: Xray;
  readonly leave: () => void;
}

const GIVEN_UP: readonly StoredMessage['state'][] = ['too-old', 'failed'];

export class MessageCommands {
  readonly #options: MessageCommandsOptions;

  constructor(options: MessageCommandsOptions) {
    this.#options = options;
  }

  /** @throws WaxwingError `message-unknown` … */
  run(command: MessageCommand): void {
    const { screen, home, history, show } = this.#options;
    switch (command.name) {
      case 'help':
        screen.lines(this.#options.help(command.topic));
        return;
      case 'quit':
        this.#options.leave();
        return;
      case 'proof':
        if (command.number === 'all' || command.number === 'off') {
          screen.showProofs(command.number === 'all');
          screen.notice(
            command.number === 'all'
              ? 'The full proof line follows every message.'
              : 'Messages show a short mark again.',
          );
        } else {
          this.#proof(command.number);
        }
        return;
      case 'why':
        this.#why(command.number);
        return;
      case 'history':
        show(history({ limit: command.count }));
        return;
      case 'search': {
        const found = history({ search: command.words });
        if (found.length === 0) screen.notice('No message here holds these words.');
        show(found);
        return;
      }
      case 'delete':
        home.store.history.delete(command.number);
        screen.notice(`#${String(command.number)} is deleted here. Your peer may still have it.`);
        return;
      case 'xray':
        this.#options.xray.command(command.on);
        return;
      case 'nick':
        this.#nick(command.nick);
        return;
      case 'resend':
        this.#resend(command.number);
    }
  }

  #proof(wanted: number | 'last'): void {
    const { home, screen, view, history } = this.#options;
    const number = wanted === 'last' ? history({ limit: 1 })[0]?.number : wanted;
    if (number === undefined) {
      screen.notice('There is no message yet.');
      return;
    }
    const stored = home.store.history.proof(number);
    const { account } = stored.message;
    const peer = account === undefined ? undefined : view.peer(account);
    const since = account === undefined ? undefined : home.store.peers.get(account)?.firstSeen;
    screen.lines(proofReport(proofOfStored(stored, peer, since)));
  }

  #why(wanted: number | 'last'): void {
    const { view, screen, home } = this.#options;
    const refusal = view.refusals.findLast((one) => wanted === 'last' || one.number === wanted);
    if (refusal !== undefined) {
      screen.lines(whyReport(refusal));
      return;
    }
    if (wanted === 'last') {
      screen.notice('Nothing was refused since the start.');
      return;
    }
    const message = home.store.history.get(wanted);
    if (message.state === 'too-old') {
      const old: Refusal = {
        number: wanted,
        code: 'envelope-4',
        check: 'age',
        detail: 'not delivered: too old on arrival',
      };
      screen.lines(whyReport(old));
    } else if (message.state === 'queued' || message.state === 'sent') {
      screen.notice(`#${String(wanted)} is ${message.state} and not yet acknowledged: it goes out by itself.`);
    } else {
      screen.notice(`#${String(wanted)} was not refused: see /proof ${String(wanted)}.`);
    }
  }

  #nick(nick: string | undefined): void {
    const { home, screen } = this.#options;
    const now = home.store.settings.get('nick');
    if (nick === undefined) {
      screen.notice(
        now === undefined ? 'You go by no name. /nick NAME sets one.' : `You call yourself ${sanitiseName(now)}.`,
      );
      return;
    }
    const clean = sanitiseName(nick);
    home.store.settings.set('nick', clean);
    screen.notice(`You call yourself ${clean}: peers see it, as a claim, with the next connection.`);
  }

  #resend(wanted: number | 'all'): void {
    const { home, screen, history } = this.#options;
    const candidates =
      wanted === 'all'
        ? history({ limit: 10_000 }).filter(({ state }) => GIVEN_UP.includes(state))
        : [home.store.history.get(wanted)];
    const queued = this.#options.resend(candidates.map(({ number }) => number));
    screen.notice(
      queued.length === 0
        ? 'There is nothing to send again: what is not acknowledged goes out by itself.'
        : `Sending ${queued.length === 1 ? 'one message' : `${String(queued.length)} messages`} again.`,
    );
  }
}
