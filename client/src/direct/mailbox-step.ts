/**
 * The mailbox of a pair of devices, kept in step with a live channel between them: there is one chain for both (§5.2), and what
 * the channel has as a gap may still come through the mailbox.
 */
import {
  decodeMailboxState,
  type Device,
  MailboxConversation,
  mailboxChange,
  type MailboxState,
  type OpenedFlight,
  type Primitives,
} from '@waxwing/protocol';
import type { ChainKey } from '../store/chain.ts';
import type { MailboxNotes } from '../store/mailbox.ts';
import type { Store } from '../store/store.ts';

export class MailboxStep {
  readonly #store: Store;
  readonly #key: ChainKey;
  readonly #notes: MailboxNotes;
  readonly #conversation: MailboxConversation;
  #saved: MailboxState;

  private constructor(of: { store: Store; key: ChainKey; notes: MailboxNotes }, conversation: MailboxConversation) {
    this.#store = of.store;
    this.#key = of.key;
    this.#notes = of.notes;
    this.#conversation = conversation;
    this.#saved = conversation.state;
  }

  /** Undefined where the two have never written to each other through a relay. */
  static async open(
    p: Primitives,
    { store, key, device }: { readonly store: Store; readonly key: ChainKey; readonly device: Device },
  ): Promise<MailboxStep | undefined> {
    const stored = store.mailboxes.load(key);
    if (stored === undefined) return undefined;
    const state = await decodeMailboxState(p, stored.mailbox);
    return new MailboxStep({ store, key, notes: stored.notes }, new MailboxConversation(p, { device, state }));
  }

  /**
   * The channel opened this flight. What it sent is in the record of the chain, where a messenger finds it.
   * @throws ProtocolError `envelope-4` where too many are missing
   */
  async opened(flight: OpenedFlight): Promise<void> {
    const { sent, received } = this.#conversation.state;
    await this.#conversation.noteLive({ sent, received: received.last }, flight);
  }

  /** Inside the transaction of those flights. */
  save(): void {
    const { state } = this.#conversation;
    if (state === this.#saved) return;
    this.#store.mailboxes.save(this.#key, mailboxChange(this.#saved, state), this.#notes);
    this.#saved = state;
  }
}
