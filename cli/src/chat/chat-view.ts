/** Shows what happens in a direct chat: one event in, a few sentences out. */
import { type Address, type DirectEvent, formatAddress, type Home, isLoopback, type PeerView } from '@waxwing/client';
import { CLOCK_WARNING } from '@waxwing/protocol';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { formatDuration } from '../text/duration.ts';
import { peerLine } from '../text/proof-line.ts';
import { missingWords } from '../text/proof-report.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';
import { bodyText, count, displayName, MessageView } from './message-view.ts';
import { dialableAddresses } from './reach.ts';
import { ReadMarks, takeUnshown } from './read-marks.ts';
import { keyStateOf, nameOf, proofOfReceived } from './proof.ts';

/** How many of the last messages a terminal shows on start. */
const SHOWN_ON_START = 10;

export interface ChatViewOptions {
  readonly screen: ChatScreen;
  readonly home: Home;
  readonly role: 'server' | 'client';
  /** The chat ends when the first peer leaves: nobody listens for the next one. */
  readonly once: boolean;
  /** The local log: the reason of every refusal stands there. */
  readonly log: (event: DirectEvent) => void;
  readonly now: () => number;
}

export class ChatView extends MessageView {
  readonly #screen: ChatScreen;
  readonly #options: ChatViewOptions;
  readonly #read: ReadMarks<Uint8Array<ArrayBuffer>>;
  #historyShown = false;

  constructor(options: ChatViewOptions) {
    super(options);
    this.#screen = options.screen;
    this.#options = options;
    const { history } = options.home.store;
    this.#read = new ReadMarks((account, number) => {
      history.markRead({ account }, number);
    });
  }

  /** Says how much of an earlier run, which was killed, may not have been shown. */
  begin(): void {
    const unshown = takeUnshown(this.#options.home.store);
    if (unshown === 0) return;
    this.#screen.notice(
      `${count(unshown, 'message')} came as the last run ended and may not have been shown: /history ${String(unshown)}`,
      'warning',
    );
  }

  /** Puts on disk what was shown. */
  end(): void {
    this.#read.flush();
  }

  /** The observer to give to `listen` and `dial`. */
  readonly observe = (event: DirectEvent): void => {
    this.#options.log(event);
    this.#show(event);
  };

  #show(event: DirectEvent): void {
    const screen = this.#screen;
    switch (event.kind) {
      case 'listening':
        screen.notice(`Listening on ${formatAddress(event.address)}...`);
        this.#explainReach(event.address);
        return;
      case 'waiting':
        screen.notice(
          `${count(event.count, 'message')} typed earlier ${event.count === 1 ? 'waits' : 'wait'} for a peer and will go to the next one who connects. See them with /history, remove one with /delete N.`,
        );
        return;
      case 'connecting':
        screen.notice('Connecting to server...');
        return;
      case 'exchanging':
        screen.notice(this.#options.role === 'server' ? 'Connection accepted!' : 'Connected!');
        screen.notice('Exchanging keys...');
        return;
      case 'connected':
        this.#showConnected(event);
        return;
      case 'message': {
        const { message } = event;
        if (message.gap > 0) screen.notice(missingWords(message.gap), 'warning');
        const from = nameOf(message.peer);
        screen.message({
          text: message.text ?? bodyText(message.type, message.body),
          proof: proofOfReceived(message),
          at: message.received,
          ...(from === undefined ? {} : { from }),
        });
        this.#read.shown(message.peer.fingerprint, message.peer.account, message.number);
        return;
      }
      case 'sent':
      case 'delivered':
        for (const number of event.numbers) screen.delivery(number, event.kind);
        return;
      case 'too-old':
        for (const number of event.numbers) {
          screen.delivery(number, 'too-old');
          this.remember({ number, code: 'envelope-4', check: 'age', detail: 'not delivered: too old on arrival' });
        }
        return;
      case 'refused-for-age': {
        const detail = `a message of your peer was ${ageWords(event.age)}; a live one may be 60 s old and 10 s early`;
        this.remember({ code: 'envelope-4', check: 'age', detail });
        screen.notice(`Refused: ${detail}. Your peer is told and can send it again. /why explains.`, 'warning');
        return;
      }
      case 'nick':
        screen.notice(
          `Your peer calls itself ${sanitiseName(event.peer.nick ?? '')}: a claim, not an identity. /name gives your own name.`,
        );
        return;
      case 'left':
        screen.prompt(false);
        screen.notice(
          `${displayName(event.peer)} left.${event.missing > 0 ? ` ${count(event.missing, 'delivery', 'deliveries')} it says it sent never came.` : ''}`,
          event.missing > 0 ? 'warning' : 'info',
        );
        if (this.#options.role === 'server') this.#backToListening(event.peer);
        return;
      case 'cut':
        screen.notice(
          `The connection was cut (${sanitiseLine(event.reason)}): not a leave. What is not acknowledged is kept and goes out on the next connection to the same peer.`,
          'warning',
        );
        return;
      case 'failed': {
        if (event.aside === true) return;
        const { code, check, message } = event.detail;
        this.remember({ code, check, detail: message });
        const who = event.peer === undefined ? sanitiseLine(event.remote) : displayName(event.peer);
        screen.notice(`The connection with ${who} was ended: ${sanitiseLine(message)} /why explains.`, 'warning');
        return;
      }
      case 'quarantined':
        this.remember({ code: 'peer-quarantined' });
        screen.notice(
          `${displayName(event.peer)} is quarantined: it sent too much that does not hold. /why explains.`,
          'error',
        );
        return;
      case 'turned-away':
        screen.notice(
          `${displayName(event.peer)} (${event.peer.fingerprint}) tried to connect and was told that you are busy.`,
        );
        return;
      case 'refused':
        this.remember({ code: event.error.code, detail: event.error.message });
        screen.notice(`A caller was refused: ${sanitiseLine(event.error.message)}`, 'warning');
        return;
      case 'restored-copy':
        this.remember({ code: 'restored-copy' });
        screen.notice(
          'Your peer has accepted more than this home ever sent: this home is an older copy of itself. Leave, then give it a device of its own: waxwing id rotate --device',
          'error',
        );
        return;
      case 'retrying':
        screen.prompt(false);
        screen.notice(`${sanitiseLine(event.error.message)} Trying again in ${seconds(event.inMs)} s...`, 'warning');
        return;
      case 'storage':
        this.error(event.error);
    }
  }

  #showConnected(event: Extract<DirectEvent, { kind: 'connected' }>): void {
    const screen = this.#screen;
    const { peer } = event;
    const name = nameOf(peer);
    screen.notice('Keys exchanged ✓', 'good');
    screen.notice(
      peerLine({ fingerprint: peer.fingerprint, keyState: keyStateOf(peer), ...(name === undefined ? {} : { name }) }),
      peer.trust === 'verified' ? 'good' : 'info',
    );
    if (event.firstContact && event.beyondLoopback) {
      screen.notice(
        'This key is taken as it came: until you compare it (/verify), somebody between you could read and change everything.',
        'warning',
      );
    }
    if (Math.abs(event.clockOffset) > CLOCK_WARNING) {
      const { clockOffset } = event;
      screen.notice(
        `The two clocks differ by ${formatDuration(Math.abs(clockOffset))} (your peer's is ${clockOffset > 0 ? 'ahead' : 'behind'}). Ages are corrected for it; check both clocks.`,
        'warning',
      );
    }
    if (!this.#historyShown && screen.kind === 'terminal') {
      this.#historyShown = true;
      const { history } = this.#options.home.store;
      this.stored(history.list({ conversation: { account: peer.account }, limit: SHOWN_ON_START }));
    }
    const tooOld = this.#options.home.store.outbox.counts({ account: peer.account }).tooOld;
    if (tooOld > 0)
      screen.notice(`${count(tooOld, 'message')} not delivered: too old on arrival. /resend sends again.`);
    screen.prompt(true);
  }

  #backToListening(peer: PeerView): void {
    const { queued, sent } = this.#options.home.store.outbox.counts({ account: peer.account });
    if (queued + sent > 0) {
      this.#screen.notice(`${count(queued + sent, 'message')} kept for ${displayName(peer)} until it is back.`);
    }
    if (!this.#options.once) this.#screen.notice('Listening for the next one...');
  }

  /** `--host 0.0.0.0`: the addresses others can dial, and what it means. */
  #explainReach(address: Address): void {
    if (isLoopback(address.host)) return;
    const addresses = dialableAddresses(address);
    this.#screen.notice(
      `Anyone who reaches this machine can try to connect${addresses.length > 0 ? `; others dial ${addresses.join(' or ')}` : ''}. Only one peer chats at a time; to admit a single key: --peer SHA256:…`,
      'warning',
    );
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(ms < 10_000 ? 1 : 0);
}

function ageWords(age: number): string {
  return age < 0 ? `${formatDuration(-age)} from the future` : `${formatDuration(age)} old on arrival`;
}
