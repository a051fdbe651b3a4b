/** One whom the lab's client of a relay writes with: their conversation, and what was sent in it. */
import {
  type Bytes,
  type ControlEntry,
  gotOf,
  type InnerEnvelope,
  MailboxConversation,
  newMailboxState,
  type OpenedMailboxFlight,
  sealOuter,
  mailboxOf,
  type Device,
  type Bundle,
  TYPE_STEP,
  TYPE_TEXT,
  toHex,
  utf8,
  type PutEnvelope,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';

/** A text on its way. */
export interface SentText {
  readonly text: string;
  /** 32: the same when it is sent again, and with it the message's id. */
  readonly opening: Bytes;
  /** How often it was sent. */
  readonly times: number;
}

export interface MailboxPeerOptions {
  readonly device: Device;
  readonly bundle: Bundle;
  /** The relay's account, 32. */
  readonly relay: Bytes;
  readonly now: () => number;
}

export class MailboxPeer {
  readonly conversation: MailboxConversation;
  /** When a session was last started because of what the relay said. */
  restartedAt: number | undefined;
  readonly #options: MailboxPeerOptions;
  /** What is not known to have come, by seq. */
  readonly #sent = new Map<number, SentText>();
  readonly #shown = new Set<string>();

  constructor(options: MailboxPeerOptions) {
    this.#options = options;
    this.conversation = new MailboxConversation(p, { device: options.device, state: newMailboxState(options.bundle) });
  }

  /** The envelope of a text, and its seq. `instead`: the seq under which it was sent before. */
  async sealText(one: SentText, instead?: number): Promise<{ readonly seq: number; readonly put: PutEnvelope }> {
    const items = [{ type: TYPE_TEXT, body: utf8(one.text), opening: one.opening }];
    const sealed = await this.#seal(items, instead === undefined ? [] : [['void', instead, instead]]);
    if (instead !== undefined) this.#sent.delete(instead);
    this.#sent.set(sealed.seq, { ...one, times: one.times + 1 });
    return sealed;
  }

  /** The envelope that says what has come (§9.6). */
  async sealGot(): Promise<PutEnvelope> {
    const { last, ranges } = gotOf(this.conversation.state.received);
    const step = { type: TYPE_STEP, body: new Uint8Array(0) };
    return (await this.#seal([step], [['got', last, ranges.map((range) => [...range])]])).put;
  }

  /** What was sent as this seq and is not known to have come. */
  sentAs(seq: number): SentText | undefined {
    return this.#sent.get(seq);
  }

  /** The texts that the peer now says have come. */
  takeGot({ ctl }: OpenedMailboxFlight): readonly string[] {
    const came: string[] = [];
    for (const [name, last, ranges] of ctl) {
      if (name !== 'got' || typeof last !== 'number' || !Array.isArray(ranges)) continue;
      for (const [seq, { text }] of this.#sent) {
        const missing = (ranges as [number, number][]).some(([from, to]) => seq >= from && seq <= to);
        if (seq > last || missing) continue;
        this.#sent.delete(seq);
        came.push(text);
      }
    }
    return came;
  }

  /** The items of a flight that were not shown before: an id is shown once (§5.1). */
  unseen({ items }: OpenedMailboxFlight): OpenedMailboxFlight['items'] {
    return items.filter(({ type, id }) => {
      const key = toHex(id);
      if (type !== TYPE_TEXT || this.#shown.has(key)) return false;
      this.#shown.add(key);
      return true;
    });
  }

  async #seal(
    items: Parameters<MailboxConversation['seal']>[0]['items'],
    ctl: readonly ControlEntry[],
  ): Promise<{ readonly seq: number; readonly put: PutEnvelope }> {
    const { seq, inner } = await this.conversation.seal({ items, ctl, now: this.#options.now() });
    return { seq, put: this.#envelope(inner) };
  }

  #envelope(inner: InnerEnvelope): PutEnvelope {
    const { account, device, certificate } = this.conversation.state.peer;
    const mailbox = mailboxOf(p, { relay: this.#options.relay, account, device });
    return { mailbox, id: p.randomBytes(16), outer: sealOuter(p, { inner, dhKey: certificate.dhKey, mailbox }) };
  }
}
