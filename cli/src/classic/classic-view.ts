/** Shows what happens in a classic chat, in the words of the ordinary one, and never without saying what classic is. */
import { type Address, formatAddress, isLoopback } from '@waxwing/client';
import { accountOf, encodeFingerprint, type RsaPublicKey } from '@waxwing/protocol';
import type { ClassicMessage, ClassicRefusal } from '@waxwing/protocol/classic';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { dialableAddresses } from '../chat/reach.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { peerLine, proofLine } from '../text/proof-line.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { type Refusal, why } from '../text/why.ts';
import type { ClassicEnd } from './classic-link.ts';
import type { OutgoingText } from './classic-outbox.ts';
import type { ClassicProofs } from './classic-proof.ts';

/** More texts than these are counted and not printed again. */
const GIVEN_BACK = 10;
const REMEMBERED = 100;

const INSECURE =
  'INSECURE by design: --classic speaks the protocol of the original program. Nobody proves who they are: whoever sits between the two ends can swap the keys, read every text, change how it begins and send it again, even without the secret; and whoever knows the secret can write in either name. Use it to talk to the original program, and say nothing secret.';

export interface ClassicViewOptions {
  readonly screen: ChatScreen;
  readonly role: 'server' | 'client';
  readonly proofs: ClassicProofs;
  /** Unix ms. */
  readonly now: () => number;
}

export class ClassicView {
  readonly #screen: ChatScreen;
  readonly #options: ClassicViewOptions;
  readonly #refusals: Refusal[] = [];

  constructor(options: ClassicViewOptions) {
    this.#screen = options.screen;
    this.#options = options;
  }

  /** What was refused in this run, the newest last. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  start(): void {
    this.#screen.notice(INSECURE, 'warning');
    this.#screen.notice('Generating RSA key pair...');
  }

  listening(address: Address): void {
    this.#screen.notice(`Listening on ${formatAddress(address)}...`);
    if (isLoopback(address.host)) return;
    const dialable = dialableAddresses(address);
    const others = dialable.length === 0 ? '' : `; others dial ${dialable.join(' or ')}`;
    this.#screen.notice(
      `Anyone who reaches this machine can connect and be the peer${others}. Only one peer chats at a time.`,
      'warning',
    );
  }

  connecting(): void {
    this.#screen.notice('Connecting to server...');
  }

  exchanging(): void {
    this.#screen.notice(this.#options.role === 'server' ? 'Connection accepted!' : 'Connected!');
    this.#screen.notice('Exchanging keys...');
  }

  exchanged(peerKey: RsaPublicKey): void {
    const fingerprint = encodeFingerprint(accountOf(nodePrimitives, peerKey));
    this.#options.proofs.setPeer(fingerprint);
    this.#screen.notice('Keys exchanged ✓');
    this.#screen.notice(peerLine({ fingerprint, keyState: 'unverifiable' }), 'warning');
    this.#screen.prompt(true);
  }

  message(message: ClassicMessage): void {
    const at = this.#options.now();
    this.#screen.message({ text: message.message, proof: this.#options.proofs.received(message, at), at });
  }

  /** The text of a refused package stays unseen. */
  refusedPackage(refusal: ClassicRefusal): void {
    const at = this.#options.now();
    const proof = this.#options.proofs.refused(refusal, at);
    this.#remember({ number: proof.number, code: refusal.code, check: refusal.check, detail: refusal.message });
    this.#screen.notice(
      `Refused: ${sanitiseLine(refusal.message)} Nothing of it is shown; the connection goes on. /why explains.\n${proofLine(proof)}`,
      'error',
    );
  }

  /** A text that fits no package. */
  tooLarge(message: string, text: string): void {
    this.#screen.notice(`${message} It was not sent: shorten it, or send it in parts.`, 'error');
    this.#screen.keep(text);
  }

  turnedAway(remote: string): void {
    this.#screen.notice(`${sanitiseLine(remote)} tried to connect and was turned away: only one peer chats at a time.`);
  }

  /** How a conversation ended; `ready`: the keys were exchanged before. */
  ended(end: ClassicEnd, { remote, ready }: { readonly remote: string; readonly ready: boolean }): void {
    const screen = this.#screen;
    screen.prompt(false);
    const who = sanitiseLine(remote);
    switch (end.how) {
      case 'closed':
        return;
      case 'left':
        if (ready) screen.notice('Your peer left.');
        else screen.notice(`${who} ended the connection without sending its key.${this.#busyHint()}`, 'warning');
        break;
      case 'cut':
        screen.notice(`The connection was cut (${sanitiseLine(end.reason)}): not a leave.`, 'warning');
        break;
      case 'silent':
        screen.notice(`${who} sent no key within ten seconds: the connection was ended.`, 'warning');
        break;
      case 'refused': {
        const { code, check, message } = end.error;
        this.#remember({ code, check, detail: message });
        screen.notice(
          `The connection with ${who} was ended: ${sanitiseLine(message)}\n${nextStep(why(code).next)} /why explains.`,
          'error',
        );
      }
    }
  }

  listeningAgain(): void {
    this.#screen.notice('Listening for the next one...');
  }

  /** Texts that did not leave: nothing of classic is kept, so they go back to whoever typed them. */
  unsent(texts: readonly OutgoingText[]): void {
    if (texts.length === 0) return;
    const count = texts.length === 1 ? '1 message was' : `${String(texts.length)} messages were`;
    const numbers = texts.length === 1 ? `#${String(texts[0]?.number)}` : `#${String(texts[0]?.number)} and later`;
    this.#screen.notice(`${count} not sent (${numbers}). Classic keeps nothing for a later connection.`, 'warning');
    if (texts.length <= GIVEN_BACK) for (const { text } of texts) this.#screen.keep(text);
  }

  #busyHint(): string {
    return this.#options.role === 'client'
      ? ' It may be talking to someone else, or not be a classic server: waxwing server --classic'
      : '';
  }

  #remember(refusal: Omit<Refusal, 'at'>): void {
    this.#refusals.push({ ...refusal, at: this.#options.now() });
    if (this.#refusals.length > REMEMBERED) this.#refusals.shift();
  }
}

function nextStep(next: string): string {
  return `${next.charAt(0).toUpperCase()}${next.slice(1)}.`;
}
