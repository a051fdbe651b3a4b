/** A running one-way conversation: one end seals, the other opens and owes a step flight now and then (§6). */
import {
  type LiveConversation,
  type OpenedFlight,
  type SealedFlight,
  TYPE_STEP,
  TYPE_TEXT,
  utf8,
} from '@waxwing/protocol';
import type { ConversationPair } from './people.ts';

/** `text` of exactly so many bytes, other each time. */
export function textOfSize(size: number, number: number): string {
  return String(number).padEnd(size, ' waxwing').slice(0, size);
}

export class Talk {
  readonly #sender: LiveConversation;
  readonly #receiver: LiveConversation;

  constructor({ client, server }: ConversationPair) {
    this.#sender = client;
    this.#receiver = server;
  }

  seal(texts: readonly string[]): Promise<SealedFlight> {
    return this.#sender.seal({ items: texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) })), now: Date.now() });
  }

  open(envelope: Uint8Array): Promise<OpenedFlight> {
    return this.#receiver.open(envelope, Date.now());
  }

  /** What a receiver that only listens does after 50 flights: it heals the session. */
  async step(): Promise<void> {
    if (!this.#receiver.stepDue(Date.now())) return;
    const items = [{ type: TYPE_STEP, body: new Uint8Array(0) }];
    const { envelope } = await this.#receiver.seal({ items, now: Date.now() });
    await this.#sender.open(envelope, Date.now());
  }
}
