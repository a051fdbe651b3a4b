/** What the slash commands of a chat through a relay do. */
import {
  type Home,
  isWaxwingError,
  type Messenger,
  type Peer,
  type PeerView,
  type RelayConversation,
  type StoredMessage,
  type WaxwingError,
} from '@waxwing/client';
import { isProtocolError } from '@waxwing/protocol';
import { MessageCommands } from '../chat/message-commands.ts';
import { askToBlock, askToVerify, callPeer, type PeerDialogue, peerReport } from '../chat/peer-dialogue.ts';
import { acceptName, readFingerprint } from '../peer-name.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import { formatMoment } from '../text/duration.ts';
import { qrLines } from '../text/qr.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { why } from '../text/why.ts';
import type { Xray } from '../xray/xray.ts';
import { conversationLines } from './conversation-lines.ts';
import { doctorLines } from './doctor-lines.ts';
import type { Places } from './places.ts';
import { RELAY_COMMANDS, type RelayCommand } from './relay-command-table.ts';
import { type RelayChatView, whoWord } from './relay-view.ts';
import { runRoomAction } from './room-actions.ts';
import { storedLines } from './stored-lines.ts';

/** How much of a conversation is shown on going there. */
const SHOWN_ON_ENTERING = 10;
const MOST_SHOWN = 200;
/** Of each table of the relay's, by `/leaks` alone. */
const ROWS_SHOWN = 2;

export interface RelayCommandsOptions {
  readonly screen: ChatScreen;
  readonly view: RelayChatView;
  readonly home: Home;
  readonly places: Places;
  readonly messenger: Messenger;
  readonly xray: Xray;
  readonly now: () => number;
  /** Something was said there. */
  readonly written: (conversation: RelayConversation) => void;
  readonly leave: () => void;
}

export class RelayCommands {
  readonly #options: RelayCommandsOptions;
  readonly #messages: MessageCommands;

  constructor(options: RelayCommandsOptions) {
    const { home, view, places } = options;
    this.#options = options;
    this.#messages = new MessageCommands({
      ...options,
      history: (query) => places.current?.history(query) ?? home.store.history.list(query),
      show: (messages) => {
        view.stored(messages, (message) => places.title ?? this.#titleOf(message));
      },
      resend: (numbers) => places.current?.resend(numbers) ?? home.store.outbox.resend(numbers),
      help: (topic) => RELAY_COMMANDS.help(topic),
    });
  }

  /** Runs one command; what it has to say, errors too, goes to the screen. */
  async run(command: RelayCommand): Promise<void> {
    try {
      await this.#run(command);
    } catch (error) {
      this.#tell(command, error);
    }
  }

  /** A chat does not end because a command of it failed. */
  #tell(command: RelayCommand, error: unknown): void {
    const { screen, view } = this.#options;
    if (isWaxwingError(error)) {
      view.error(error);
    } else if (isProtocolError(error)) {
      const { sentence, next } = why(error.code);
      screen.notice(`${sentence} (${sanitiseLine(error.message)}) ${next} [${error.code}]`, 'error');
    } else {
      screen.notice(
        `/${command.name} failed in a way nobody foresaw (${sanitiseLine(String(error))}). The chat goes on; please report this.`,
        'error',
      );
    }
  }

  /** Goes to a conversation and shows the end of it. */
  enter(conversation: RelayConversation, shown = true): void {
    const { places, view, screen } = this.#options;
    const { key, title, unread } = conversation.view;
    places.enter(conversation);
    if (!shown) return;
    // Line mode printed what came in this run; of earlier runs it shows what nobody has seen.
    const wanted = screen.kind === 'terminal' ? Math.max(SHOWN_ON_ENTERING, unread) : unread;
    const messages = wanted === 0 ? [] : conversation.history({ limit: Math.min(wanted, MOST_SHOWN) });
    if (unread > MOST_SHOWN)
      screen.notice(`The newest ${String(MOST_SHOWN)} of ${String(unread)}: /history ${String(unread)} shows all.`);
    view.stored(messages, () => title);
    const newest = messages.at(-1)?.number;
    if (newest !== undefined) places.seen(key, newest);
  }

  /** Where no conversation is meant, all are shown. */
  #titleOf({ account, address, room }: StoredMessage): string {
    if (room !== undefined) return this.#options.places.titleOf({ room });
    return account === undefined ? (address ?? '') : this.#options.messenger.titleOf(account);
  }

  async #run(command: RelayCommand): Promise<void> {
    const { screen, messenger, places } = this.#options;
    switch (command.name) {
      case 'msg':
        await this.#message(command.who, command.text);
        return;
      case 'join': {
        const conversation = await messenger.open(command.who);
        this.enter(conversation);
        screen.notice(`You are in ${conversationLabel(conversation.view.title)}.`);
        return;
      }
      case 'list':
        places.flush();
        screen.lines(conversationLines(messenger.conversations(), (key) => places.isHere(key)));
        return;
      case 'room':
        await runRoomAction(command.action, { ...this.#options, enter: (room) => this.enter(room) });
        return;
      case 'block':
        await this.#block(command.who);
        return;
      case 'whois':
      case 'verify':
      case 'name':
        await this.#aboutPeer(command);
        return;
      case 'accept':
        if (command.who !== undefined && command.fingerprint !== undefined) {
          this.#acceptChanged(command.who, command.fingerprint);
        } else await this.#answer(command.who, 'accept');
        return;
      case 'refuse':
        await this.#answer(command.who, 'refuse');
        return;
      case 'link':
        await this.#link(command.days);
        return;
      case 'claim':
        await messenger.claim(command.claimed);
        screen.notice(`You are @${sanitiseLine(command.claimed)} at this relay.`, 'good');
        return;
      case 'typing':
        this.#setting('typing', command.on, 'are told that you type');
        return;
      case 'receipts':
        this.#setting('receipts', command.on, 'are told what you have read');
        return;
      case 'doctor':
        screen.lines(doctorLines(await messenger.doctor()));
        return;
      case 'leaks':
        await this.#leaks(command.all);
        return;
      default:
        this.#messages.run(command);
    }
  }

  async #message(who: string, text: string): Promise<void> {
    const { screen, messenger, now } = this.#options;
    try {
      const conversation = await messenger.open(who);
      const [number] = conversation.post([text]);
      if (number === undefined) return;
      this.#options.written(conversation);
      screen.outgoing({ number, text, at: now(), state: 'queued', conversation: conversation.view.title });
    } catch (error) {
      if (isWaxwingError(error)) screen.keep(`/msg ${/\s/u.test(who) ? `"${who}"` : who} ${text}`);
      throw error;
    }
  }

  /** The peer that is meant: named, or the one of the conversation the user is in. */
  async #peer(
    who: string | undefined,
  ): Promise<(PeerDialogue & { readonly conversation: RelayConversation }) | undefined> {
    const { screen, home, view } = this.#options;
    const meant = await this.#meant(who);
    if (meant === undefined) return undefined;
    const { peer, conversation } = meant;
    const known: Peer | undefined = home.store.peers.get(peer.account);
    if (known === undefined) {
      screen.notice(`${view.name(peer)} (${peer.fingerprint}) was not met yet: write, and they will be.`);
      return undefined;
    }
    return { screen, home, peer: known, name: view.name(peer), conversation };
  }

  /** Whoever it is, met or not. */
  async #meant(
    who: string | undefined,
  ): Promise<{ readonly peer: PeerView; readonly conversation: RelayConversation } | undefined> {
    const { screen, messenger, places } = this.#options;
    const conversation = who === undefined ? places.current : await messenger.open(who);
    const peer = conversation?.view.peer;
    if (conversation !== undefined && peer !== undefined) return { peer, conversation };
    screen.notice(
      conversation === undefined
        ? 'You are in no conversation: name somebody, such as @alice.'
        : 'That is a room: name one of those in it (/room members).',
    );
    return undefined;
  }

  /** Who only asks to be heard can be blocked like any other. */
  async #block(who: string | undefined): Promise<void> {
    const { screen, home, places, view } = this.#options;
    const meant = await this.#meant(who);
    if (meant === undefined) return;
    const { peer } = meant;
    const question = `Block ${view.name(peer)}? What they write is not shown any more, and they are not told.`;
    if ((await askToBlock({ screen, home, peer }, question)) && places.isHere({ account: peer.account }))
      places.enter(undefined);
  }

  async #aboutPeer(command: Extract<RelayCommand, { readonly name: 'whois' | 'verify' | 'name' }>): Promise<void> {
    const { screen, places } = this.#options;
    const dialogue = await this.#peer(command.name === 'name' ? undefined : command.who);
    if (dialogue === undefined) return;
    const { peer } = dialogue;
    switch (command.name) {
      case 'whois':
        screen.lines(peerReport(dialogue, waysOf(peer)));
        return;
      case 'verify':
        await askToVerify(dialogue);
        return;
      case 'name':
        callPeer(dialogue, command.peerName);
        places.draw();
    }
  }

  /** Accepts a request, or forgets it: the one that is meant, or the only one. */
  async #answer(who: string | undefined, how: 'accept' | 'refuse'): Promise<void> {
    const { screen, messenger, places, view } = this.#options;
    const waiting = messenger.conversations().filter(({ request }) => request);
    const [only, ...more] = waiting;
    const conversation = who === undefined ? only && messenger.conversationOf(only.key) : await messenger.open(who);
    const peer = conversation?.view.peer;
    if (conversation === undefined || peer === undefined || !conversation.view.request) {
      screen.notice(who === undefined ? 'Nobody waits for your answer.' : 'There is no request of theirs.');
      return;
    }
    if (who === undefined && more.length > 0) {
      const words = waiting.flatMap((one) => (one.peer === undefined ? [] : [whoWord(one.title, one.peer)]));
      screen.notice(`Several wait: /${how} ${words.join(`, /${how} `)}`);
      return;
    }
    const name = view.name(peer);
    if (how === 'refuse') {
      messenger.refuse(peer.account);
      if (places.isHere({ account: peer.account })) places.enter(undefined);
      screen.notice(`Refused: what ${name} asked is forgotten, and they are told nothing. They may ask again.`);
      return;
    }
    const { invitation } = conversation.view;
    messenger.accept(peer.account);
    screen.notice(`Accepted: ${name} is answered from now on, and what was held back comes.`, 'good');
    // Its one message was printed when it came.
    if (places.current === undefined && invitation === undefined) this.enter(conversation, false);
  }

  #acceptChanged(who: string, fingerprint: string): void {
    const { screen, home } = this.#options;
    const account = readFingerprint(fingerprint);
    screen.lines(home.store.transaction(() => acceptName(home.store, who, account)));
  }

  async #link(days: number): Promise<void> {
    const { screen, messenger, now } = this.#options;
    const link = await messenger.createContactLink(days);
    const ends = new Date(now() + days * 86_400_000).toISOString().slice(0, 10);
    screen.lines([`For one person, until ${ends}. Whoever opens it is let in and sees you as verified:`]);
    // Not folded, so that it can be copied whole.
    screen.lines(() => [link]);
    if (screen.kind === 'terminal') screen.lines((columns) => qrLines(link, columns));
    screen.lines([
      'They open it with: waxwing chat LINK. Give it to nobody else; used twice, it is refused and you are told.',
    ]);
  }

  /** What the relay has stored; of many rows of one table the first, unless all are wanted. */
  async #leaks(all: boolean): Promise<void> {
    const { screen, messenger } = this.#options;
    const rows = new Map<string, number>();
    let cut: WaxwingError | undefined;
    try {
      for await (const row of messenger.stored()) {
        const before = rows.get(row.table) ?? 0;
        rows.set(row.table, before + 1);
        if (all || before < ROWS_SHOWN) screen.lines(storedLines(row));
      }
    } catch (error) {
      if (!isWaxwingError(error, 'relay-flood')) throw error;
      cut = error;
    }
    const total = [...rows].map(([table, many]) => `${sanitiseLine(table)} ${String(many)}`).join(', ');
    const more = all || ![...rows.values()].some((many) => many > ROWS_SHOWN) ? '' : ' /leaks all shows every one.';
    screen.notice(
      `That is what this relay says it has stored about you; it cannot read the envelopes. Rows: ${total}.${more}`,
    );
    if (cut !== undefined) throw cut;
  }

  #setting(name: 'typing' | 'receipts', on: boolean | undefined, words: string): void {
    const { home, screen } = this.#options;
    if (on !== undefined) home.store.settings.set(name, on ? 'on' : 'off');
    const now = home.store.settings.get(name) !== 'off';
    screen.notice(
      `Others ${now ? words : words.replace('are told', 'are not told')}. /${name} ${now ? 'off' : 'on'} changes it.`,
    );
  }
}

function waysOf(peer: Peer): string[] {
  const how =
    peer.verifiedHow === undefined
      ? []
      : [`  Verified     ${peer.verifiedHow === 'link' ? 'by link' : `by ${peer.verifiedHow}`}`];
  return [
    ...how,
    `  Last seen    ${formatMoment(peer.lastSeen)}`,
    '  Record       on the record: every message is signed, and either of you could show it to others',
    ...(peer.blockedAt === undefined ? [] : [`  Blocked      since ${formatMoment(peer.blockedAt)}`]),
  ];
}
