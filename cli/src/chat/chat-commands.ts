/** What the slash commands do. */
import { type Conversation, type Home, isWaxwingError, type Peer, type PeerView } from '@waxwing/client';
import { loadRsaPublicKey, safetyNumber } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { type Command, helpLines } from '../terminal/slash-commands.ts';
import { formatMoment } from '../text/duration.ts';
import { keyStateWord } from '../text/proof-line.ts';
import { proofReport, provenance } from '../text/proof-report.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';
import { type Refusal, whyReport } from '../text/why.ts';
import type { Xray } from '../xray/xray.ts';
import type { ChatView } from './chat-view.ts';
import { displayName } from './chat-view.ts';
import { keyStateOf, proofOfStored } from './proof.ts';

export interface ChatCommandsOptions {
  readonly screen: ChatScreen;
  readonly view: ChatView;
  readonly home: Home;
  readonly xray: Xray;
  readonly conversation: () => Conversation | undefined;
  readonly leave: () => void;
}

export class ChatCommands {
  readonly #options: ChatCommandsOptions;

  constructor(options: ChatCommandsOptions) {
    this.#options = options;
  }

  /** Runs one command; what it has to say, errors too, goes to the screen. */
  async run(command: Command): Promise<void> {
    try {
      await this.#run(command);
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      this.#options.view.error(error);
    }
  }

  async #run(command: Command): Promise<void> {
    const { screen, home, view } = this.#options;
    switch (command.name) {
      case 'help':
        screen.lines(helpLines(command.topic));
        return;
      case 'quit':
        this.#options.leave();
        return;
      case 'verify':
        await this.#verify();
        return;
      case 'peer':
        this.#peer();
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
        view.stored(home.store.history.list({ limit: command.count, ...this.#here() }));
        return;
      case 'search': {
        const found = home.store.history.list({ search: command.words, ...this.#here() });
        if (found.length === 0) screen.notice('No message here holds these words.');
        view.stored(found);
        return;
      }
      case 'delete':
        home.store.history.delete(command.number);
        screen.notice(`#${String(command.number)} is deleted here. Your peer may still have it.`);
        return;
      case 'xray': {
        const { xray } = this.#options;
        if (command.on !== undefined) xray.show(command.on);
        else screen.notice(`X-ray is ${xray.shown ? 'on: /xray off ends it' : 'off: /xray on begins it'}.`);
        return;
      }
      case 'block':
        await this.#block();
        return;
      case 'nick':
        this.#nick(command.nick);
        return;
      case 'name':
        this.#name(command.peerName);
        return;
      case 'resend':
        this.#resend(command.number);
    }
  }

  /** History of this conversation; of everything before anyone was there. */
  #here(): { readonly conversation?: { readonly account: Uint8Array<ArrayBuffer> } } {
    const peer = this.#options.conversation()?.peer;
    return peer === undefined ? {} : { conversation: { account: peer.account } };
  }

  #current(): { readonly conversation: Conversation; readonly view: PeerView; readonly peer: Peer } | undefined {
    const conversation = this.#options.conversation();
    const peer = conversation && this.#options.home.store.peers.get(conversation.peer.account);
    if (conversation === undefined || peer === undefined) {
      this.#options.screen.notice('Nobody is connected yet.');
      return undefined;
    }
    return { conversation, view: conversation.peer, peer };
  }

  async #verify(): Promise<void> {
    const current = this.#current();
    if (current?.peer.accountKey === undefined) return;
    const { screen, home } = this.#options;
    const { peer, conversation } = current;
    const own = home.account.publicKey;
    const numbers = safetyNumber(nodePrimitives, own, loadRsaPublicKey(peer.accountKey ?? own.spki));
    const groups = numbers.split(' ');
    screen.lines([
      `Safety number with ${displayName(current.view)}:`,
      `  ${groups.slice(0, 6).join(' ')}`,
      `  ${groups.slice(6).join(' ')}`,
      ...(conversation.sas === undefined
        ? []
        : [
            `Six digits of this connection: ${conversation.sas} (a quick check; the sixty digits above are the real one)`,
          ]),
      'Your peer types /verify and sees the same. Compare over another way: by phone, or face to face.',
    ]);
    if (peer.verifiedAt !== undefined) screen.lines([`You verified this key on ${formatMoment(peer.verifiedAt)}.`]);
    if (!screen.interactive) {
      screen.lines([`Where they are equal: waxwing peers verify ${peer.fingerprint}`]);
      return;
    }
    const answer = await screen.ask({
      text: 'Are the numbers on both screens equal?',
      choices: [
        { key: 'y', label: 'yes, all of them', answer: 'yes' },
        { key: 'n', label: 'no', answer: 'no' },
        { key: 'l', label: 'later', answer: 'later' },
      ],
      fallback: 'later',
    });
    if (answer === 'yes') {
      home.store.peers.verify(peer.account, 'safety-number');
      screen.notice(`Verified: from now on ${displayName(current.view)} is shown as verified.`, 'good');
    } else if (answer === 'no') {
      screen.notice(
        'Then somebody may sit between you: say nothing secret here. Leave, and compare fingerprints (waxwing id show) over another way.',
        'error',
      );
    }
  }

  #peer(): void {
    const current = this.#current();
    if (current === undefined) return;
    const { peer, view, conversation } = current;
    const state = keyStateOf(view);
    this.#options.screen.lines([
      `Peer ${displayName(view)}`,
      `  Fingerprint  ${peer.fingerprint}`,
      `  Key          ${keyStateWord(state)}: ${provenance(state)}`,
      `  First seen   ${formatMoment(peer.firstSeen)}`,
      ...(peer.nick === undefined ? [] : [`  Calls itself ${sanitiseName(peer.nick)} (a claim)`]),
      ...(peer.pins.length === 0 ? [] : [`  Known as     ${peer.pins.map((pin) => sanitiseLine(pin)).join(', ')}`]),
      `  Record       on the record: every message is signed, and either of you could show it to others`,
      `  Connection   ${conversation.connected ? 'connected' : 'not connected'}`,
    ]);
  }

  #proof(wanted: number | 'last'): void {
    const { home, screen } = this.#options;
    const number = wanted === 'last' ? home.store.history.list({ limit: 1, ...this.#here() })[0]?.number : wanted;
    if (number === undefined) {
      screen.notice('There is no message yet.');
      return;
    }
    const stored = home.store.history.proof(number);
    const peer = stored.message.account === undefined ? undefined : home.store.peers.get(stored.message.account);
    const view: PeerView | undefined = peer && {
      ...peer,
      trust: peer.verifiedAt === undefined ? 'first seen' : 'verified',
    };
    screen.lines(proofReport(proofOfStored(stored, view, peer?.firstSeen)));
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

  async #block(): Promise<void> {
    const current = this.#current();
    if (current === undefined) return;
    const { screen, home } = this.#options;
    const answer = await screen.ask({
      text: `Block ${displayName(current.view)} and leave? It can no longer connect to this home.`,
      choices: [
        { key: 'y', label: 'yes', answer: 'yes' },
        { key: 'n', label: 'no', answer: 'no' },
      ],
      fallback: screen.interactive ? 'no' : 'yes',
    });
    if (answer === 'no') return;
    home.store.peers.block(current.peer.account);
    screen.notice(`Blocked. To undo: waxwing peers block --undo ${current.peer.fingerprint}`);
    await current.conversation.close();
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

  #name(name: string | undefined): void {
    const current = this.#current();
    if (current === undefined) return;
    const { home, screen } = this.#options;
    if (name === undefined) {
      screen.notice(`Your peer is ${displayName(current.view)}. /name NAME gives a name of your own.`);
      return;
    }
    const peer = home.store.peers.rename(current.peer.account, name);
    screen.notice(`From now on this peer is ${sanitiseName(peer.petname ?? '')} here.`);
  }

  #resend(wanted: number | 'all'): void {
    const { home, screen } = this.#options;
    const conversation = this.#options.conversation();
    const candidates =
      wanted === 'all'
        ? home.store.history.list({ limit: 10_000, ...this.#here() }).filter(({ state }) => state === 'too-old')
        : [home.store.history.get(wanted)];
    const numbers = candidates.map(({ number }) => number);
    const queued = conversation?.resend(numbers) ?? home.store.outbox.resend(numbers);
    screen.notice(
      queued.length === 0
        ? 'There is nothing to send again: what is not acknowledged goes out by itself.'
        : `Sending ${queued.length === 1 ? 'one message' : `${String(queued.length)} messages`} again.`,
    );
  }
}
