/** What every chat shows alike: messages of the past, errors with their next step, and what was refused in this run. */
import type { Home, PeerView, StoredMessage, WaxwingError } from '@waxwing/client';
import { TYPE_TEXT, textOf } from '@waxwing/protocol';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import type { DeliveryState } from '../text/proof-view.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';
import type { Refusal } from '../text/why.ts';
import { nameOf, proofOfStored } from './proof.ts';

const REMEMBERED = 100;

export interface MessageViewOptions {
  readonly screen: ChatScreen;
  readonly home: Home;
  /** Unix ms. */
  readonly now: () => number;
  /** What a peer is called, where that is more than its own names say. */
  readonly titleOf?: ((account: Uint8Array<ArrayBuffer>) => string) | undefined;
}

export class MessageView {
  readonly #options: MessageViewOptions;
  readonly #refusals: Refusal[] = [];

  constructor(options: MessageViewOptions) {
    this.#options = options;
  }

  /** What was refused in this run, the newest last: `/why` explains it. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** An error with its next step. */
  error(error: WaxwingError): void {
    this.remember({ code: error.code, detail: error.message });
    this.#options.screen.notice(`${sanitiseLine(error.message)}\n${sanitiseLine(error.next)}`, 'error');
  }

  remember(refusal: Omit<Refusal, 'at'>): void {
    this.#refusals.push({ ...refusal, at: this.#options.now() });
    if (this.#refusals.length > REMEMBERED) this.#refusals.shift();
  }

  /** Messages of the past, as they stand in the history; `titled` gives the title of a message's conversation, where there are several. */
  stored(messages: readonly StoredMessage[], titled?: (message: StoredMessage) => string): void {
    const { screen, home, titleOf } = this.#options;
    for (const message of messages) {
      const where = titled === undefined ? {} : { conversation: titled(message) };
      const { number, account } = message;
      const text = bodyText(message.type, message.body);
      const at = message.receivedAt ?? message.createdAt;
      if (message.direction === 'out') {
        screen.outgoing({ number, text, at, state: deliveryOf(message), old: true, ...where });
        continue;
      }
      const peer = account === undefined ? undefined : this.peer(account);
      const proof = proofOfStored(home.store.history.proof(number), peer, undefined);
      const title = account === undefined ? undefined : titleOf?.(account);
      const from = title ?? (peer === undefined ? undefined : nameOf(peer));
      screen.message({ text, proof, at, old: true, ...(from === undefined ? {} : { from }), ...where });
    }
  }

  /** A peer as the store knows it now. */
  peer(account: Uint8Array<ArrayBuffer>): PeerView | undefined {
    const peer = this.#options.home.store.peers.get(account);
    if (peer === undefined) return undefined;
    const { fingerprint, petname, nick, verifiedAt } = peer;
    return { account, fingerprint, petname, nick, trust: verifiedAt === undefined ? 'first seen' : 'verified' };
  }
}

/** How far a stored message of ours came. */
function deliveryOf({ state }: StoredMessage): DeliveryState {
  return state === 'shown' ? 'delivered' : state;
}

/** What stands for a message's body on the screen: its text, or what it is. */
export function bodyText(type: string, body: Uint8Array): string {
  const text = type === TYPE_TEXT ? textOf(body) : undefined;
  return text ?? `[${type}, ${count(body.length, 'byte')}, not shown]`;
}

/** A peer in a sentence, safe to print: its name, or the beginning of its fingerprint. */
export function displayName(peer: PeerView): string {
  const name = nameOf(peer);
  return name === undefined ? `${peer.fingerprint.slice(0, 15)}…` : sanitiseName(name);
}

/** `1 message`, `2 messages` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${String(number)} ${number === 1 ? one : many}`;
}
