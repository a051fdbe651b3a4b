/** Shows what happens in a chat through a relay: one event in, a few sentences out, each naming its conversation. */
import {
  type Home,
  type Messenger,
  type PeerView,
  type RelayConversationKey,
  type RelayEvent,
  type RelayMessage,
  WaxwingError,
} from '@waxwing/client';
import { CLOCK_WARNING } from '@waxwing/protocol';
import { bodyText, count, displayName, MessageView } from '../chat/message-view.ts';
import { proofOfRelayed } from '../chat/proof.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import { formatDuration } from '../text/duration.ts';
import { numberRuns } from '../text/message-block.ts';
import { missingWords } from '../text/proof-report.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';
import { idOf, type Places } from './places.ts';
import { roomWords } from './room-words.ts';
import { TypingHints } from './typing-hints.ts';

export interface RelayViewOptions {
  readonly screen: ChatScreen;
  readonly home: Home;
  readonly places: Places;
  /** The local log: the reason of everything that failed stands there. */
  readonly log: (event: RelayEvent) => void;
  /** Undefined while it is being opened. */
  readonly messenger: () => Messenger | undefined;
  readonly now: () => number;
}

export class RelayChatView extends MessageView {
  readonly #options: RelayViewOptions;
  readonly #screen: ChatScreen;
  readonly #typing: TypingHints;
  /** The relay is gone and that was said. */
  #gone = false;

  constructor(options: RelayViewOptions) {
    super({ ...options, titleOf: (account) => this.#titleOf(account) });
    this.#options = options;
    this.#screen = options.screen;
    this.#typing = new TypingHints((text) => {
      options.screen.hint(text);
    });
  }

  /** The observer to give to `openMessenger`. */
  readonly observe = (event: RelayEvent): void => {
    this.#options.log(event);
    this.#show(event);
  };

  /** An error with its next step, in the words of this chat. */
  override error(error: WaxwingError): void {
    super.error(this.#shortened(error));
  }

  end(): void {
    this.#typing.stop();
  }

  /** A conversation, in a sentence; safe. */
  label(key: RelayConversationKey): string {
    return conversationLabel(this.#options.places.titleOf(key));
  }

  /** Not by what it has just begun to call itself. */
  #nameBefore(peer: PeerView): string {
    const claimed = this.#titleOf(peer.account).startsWith('~');
    return claimed ? `${peer.fingerprint.slice(0, 15)}…` : this.name(peer);
  }

  /** A peer in a sentence; safe. */
  name(peer: PeerView | 'me'): string {
    if (peer === 'me') return 'you';
    return this.#options.messenger() === undefined ? displayName(peer) : conversationLabel(this.#titleOf(peer.account));
  }

  #titleOf(account: Uint8Array<ArrayBuffer>): string {
    const peer = this.peer(account);
    return this.#options.messenger()?.titleOf(account) ?? peer?.petname ?? peer?.fingerprint.slice(0, 15) ?? '';
  }

  #show(event: RelayEvent): void {
    const screen = this.#screen;
    switch (event.kind) {
      case 'connecting':
        if (!this.#gone) screen.notice(`Connecting to the relay ${hostOf(event.relay.address)}...`);
        return;
      case 'connected':
        this.#gone = false;
        screen.notice(
          `${event.again ? 'Connected again' : 'Connected'} ✓${event.waiting === 0 ? '' : ` ${count(event.waiting, 'sealed envelope')} ${event.waiting === 1 ? 'waits' : 'wait'} here for you.`}`,
          'good',
        );
        this.#clocks(event.clockOffset);
        return;
      case 'caught-up':
        return;
      case 'cut':
      case 'retrying':
        this.#cut(event);
        return;
      case 'message':
        this.#message(event.message);
        return;
      case 'request':
        this.#request(event.message);
        return;
      case 'sent':
      case 'delivered':
      case 'read':
        for (const number of event.numbers) screen.delivery(number, event.kind);
        return;
      case 'held-back':
        this.remember({ number: event.numbers[0], code: event.error.code, detail: event.error.message });
        screen.notice(
          `${numberRuns(event.numbers)} kept, not yet delivered: ${sanitiseLine(event.error.message)}`,
          'warning',
        );
        return;
      case 'sent-anew':
        screen.notice(`${numberRuns(event.numbers)} sent once more: ${sanitiseLine(event.reason)}`);
        return;
      case 'not-delivered':
        for (const number of event.numbers) {
          this.remember({ number, code: event.error.code, detail: event.error.message });
          screen.delivery(number, 'failed');
        }
        screen.notice(`${sanitiseLine(event.error.message)}\n${sanitiseLine(event.error.next)}`, 'error');
        return;
      case 'typing': {
        const key = 'room' in event.where ? { room: event.where.room.id } : { account: event.where.peer.account };
        this.#typing.tell(
          idOf(key),
          this.name(event.peer),
          'room' in event.where ? ` in ${this.label(key)}` : '',
          event.on,
        );
        return;
      }
      default:
        this.#aboutPeople(event);
    }
  }

  #aboutPeople(event: Exclude<RelayEvent, { readonly kind: ShownBefore }>): void {
    const screen = this.#screen;
    switch (event.kind) {
      case 'link-used':
        screen.notice(this.#linkWords(event), event.again || event.ended ? 'warning' : 'good');
        return;
      case 'asks':
        screen.notice(this.#askWords(event), 'warning');
        return;
      case 'requests-full':
        screen.notice(
          `So many people you do not know wait for an answer that there is no place for more: ${count(event.turnedAway, 'message')} of others ${event.turnedAway === 1 ? 'was' : 'were'} turned away. /list shows who waits; /accept, /refuse or /block makes place.`,
          'warning',
        );
        return;
      case 'new-device':
        screen.notice(
          `${this.name(event.peer)} has a new device. The account is the same; what the old one had not confirmed is sent anew.`,
        );
        return;
      case 'changed':
        this.error(event.error);
        return;
      case 'name-given-up':
        screen.notice(
          `${sanitiseLine(event.name)} belongs to nobody at this relay any more. Here it goes on meaning ${event.peer.fingerprint}, whom it meant; nobody else is written to by it.`,
          'warning',
        );
        return;
      case 'weak-start':
        screen.notice(
          `The first messages to ${this.name(event.peer)} start from keys that are not for one use alone, because no others were left at the relay: until the answer comes, who steals that device can read them.`,
          'warning',
        );
        return;
      case 'nick':
        // Whoever is called by a name bound here, and claims the same, says nothing new.
        if (this.#titleOf(event.peer.account) === `@${event.peer.nick ?? ''}`) return;
        screen.notice(
          `${this.#nameBefore(event.peer)} calls itself ${sanitiseName(event.peer.nick ?? '')}: a claim, not an identity.`,
        );
        return;
      case 'unopenable': {
        const { code, check, cause, next, peer } = event.unopenable;
        this.remember({ code, check, detail: cause });
        const from = peer === undefined ? '' : ` from ${this.name(peer)}`;
        screen.notice(`Something${from} did not open: ${sanitiseLine(cause)} ${sanitiseLine(next)}`, 'warning');
        return;
      }
      case 'quarantined':
        this.remember({ code: 'peer-quarantined' });
        screen.notice(
          `${this.name(event.peer)} is quarantined: too much that does not hold came from there. /why explains.`,
          'error',
        );
        return;
      case 'room':
        this.#options.places.renamed();
        screen.notice(roomWords(event, this.label({ room: event.room.id }), (peer) => this.name(peer)));
        return;
      case 'fork':
        screen.notice(
          `${this.label({ room: event.room.id })}: ${sanitiseLine(event.sentence)}`,
          event.alarm ? 'error' : 'warning',
        );
        return;
      case 'restored-copy':
        this.remember({ code: 'restored-copy' });
        screen.notice(
          `This home is an older copy of itself: ${event.peer === undefined ? 'the relay' : this.name(event.peer)} has had more from it than it knows of. Leave, then give it a device of its own: waxwing id rotate --device`,
          'error',
        );
        return;
      case 'storage':
        this.error(event.error);
    }
  }

  #linkWords({ peer, made, again, ended }: Extract<RelayEvent, { readonly kind: 'link-used' }>): string {
    const link = `your link of ${dayOf(made)}`;
    if (again)
      return `${this.name(peer)} shows ${link}, which was already used: whoever it is, it is not the one who used it first.`;
    if (ended) return `${this.name(peer)} shows ${link}, whose days are over: it lets nobody in any more.`;
    return `${this.name(peer)} used ${link}: first seen. /verify compares their key.`;
  }

  /** A name bound at this relay by its short form, and the command by which a chat accepts another key under it. */
  #shortened(error: WaxwingError): WaxwingError {
    const relay = this.#options.messenger()?.relay.fingerprint;
    if (error.code !== 'peer-changed' || relay === undefined) return error;
    const short = (text: string): string => text.replaceAll(`${relay}/@`, '@');
    const next = short(error.next).replace('waxwing peers accept ', '/accept ');
    return new WaxwingError(error.code, short(error.message), next, { cause: error });
  }

  #clocks(offset: number): void {
    if (Math.abs(offset) <= CLOCK_WARNING) return;
    this.#screen.notice(
      `The clocks of this machine and of the relay differ by ${formatDuration(Math.abs(offset))} (the relay's is ${offset > 0 ? 'ahead' : 'behind'}): check the one of this machine.`,
      'warning',
    );
  }

  /** Said once, however often it is tried. */
  #cut({ error }: Extract<RelayEvent, { readonly kind: 'cut' | 'retrying' }>): void {
    if (this.#gone) return;
    this.#gone = true;
    this.remember({ code: error.code, detail: error.message });
    this.#screen.notice(
      `${sanitiseLine(error.message)} The relay is tried again by itself; what you type is kept and sent then.`,
      'warning',
    );
  }

  #message(message: RelayMessage): void {
    const { room, peer, gap } = message;
    const key = room === undefined ? { account: peer.account } : { room: room.id };
    const { places } = this.#options;
    const title = places.titleOf(key);
    this.#typing.tell(idOf(key), this.name(peer), '', false);
    if (gap > 0) this.#screen.notice(`${conversationLabel(title)}: ${missingWords(gap)}`, 'warning');
    this.#screen.message({
      text: message.text ?? bodyText(message.type, message.body),
      proof: proofOfRelayed(message),
      at: message.received,
      from: this.#titleOf(peer.account),
      conversation: title,
    });
    places.arrived(key, message.number);
  }

  #request(message: RelayMessage): void {
    const { peer } = message;
    const who = this.#whoWord(peer);
    this.#screen.notice(
      `${this.#stranger(peer, 'writes to you')}. This one message is shown, and nothing answered, until you say /accept ${who}, /refuse ${who} or /block ${who}:`,
      'warning',
    );
    this.#message(message);
  }

  #askWords({ peer, invitation }: Extract<RelayEvent, { readonly kind: 'asks' }>): string {
    const who = this.#whoWord(peer);
    const answers = `/accept ${who}; /refuse ${who} or /block ${who}`;
    if (invitation === undefined)
      return `${this.#stranger(peer, 'asks to write to you')}. What they say comes once you say ${answers} ends it.`;
    const does = `invites you to ${conversationLabel(`#${invitation}`)}`;
    return `${this.#stranger(peer, does)}. You are in it, and they are answered, once you say ${answers} ends it.`;
  }

  /** What somebody does whom nobody here knows, without a full stop. */
  #stranger({ nick, fingerprint }: PeerView, does: string): string {
    const claim = nick === undefined ? '' : `, who goes by ${sanitiseName(`~${nick}`)}`;
    return `Somebody you do not know ${does}${claim} (${fingerprint})`;
  }

  #whoWord(peer: PeerView): string {
    return whoWord(this.#titleOf(peer.account), peer);
  }
}

type ShownBefore =
  | 'connecting'
  | 'connected'
  | 'caught-up'
  | 'cut'
  | 'retrying'
  | 'message'
  | 'request'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'held-back'
  | 'sent-anew'
  | 'not-delivered'
  | 'typing';

/** What one types to mean somebody: a title, or the beginning of the fingerprint where the title is a claim. */
export function whoWord(title: string, peer: Pick<PeerView, 'fingerprint'>): string {
  const typed = title.startsWith('~') || title.includes('"') ? peer.fingerprint.slice(0, 15) : title;
  return sanitiseLine(/\s/u.test(typed) ? `"${typed}"` : typed);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** `chat.example.org:8100` of a relay's address. */
function hostOf(address: string): string {
  return sanitiseLine(/^waxwing:\/\/([^/]+)/u.exec(address)?.[1] ?? address);
}
