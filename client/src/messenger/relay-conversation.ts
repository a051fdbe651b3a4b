/** A conversation with an account through a relay: what the SDK's user holds. */
import type { Bytes } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { StoredMessage } from '../store/message.ts';
import type { ConversationView } from './messenger.ts';
import { titleOf } from './names.ts';
import { viewAccount } from './place.ts';
import { invitedTo } from './room-invitations.ts';
import { Talk, type TalkOptions } from './talk.ts';

export interface AccountConversationOptions extends TalkOptions {
  readonly account: Bytes;
  /** The account was no contact, and is one now because it is written to; inside the transaction of that. */
  readonly onAccepted: () => void;
  /** Messages up to a number were on screen, those up to another one before. */
  readonly onRead: (range: { readonly above: number; readonly number: number }) => void;
}

export class AccountConversation extends Talk {
  readonly account: Bytes;
  readonly #onRead: AccountConversationOptions['onRead'];
  readonly #onAccepted: AccountConversationOptions['onAccepted'];

  constructor(options: AccountConversationOptions) {
    super(options, { account: options.account });
    this.account = options.account;
    this.#onRead = options.onRead;
    this.#onAccepted = options.onAccepted;
  }

  get view(): ConversationView {
    const { account, place } = this;
    const { contacts, history, mail } = place.store;
    const isBlocked = place.store.peers.get(account)?.blockedAt !== undefined;
    const request = !isBlocked && contacts.get(place.relay, account)?.standing === 'request';
    return {
      key: { account },
      title: titleOf(place, account),
      peer: viewAccount(place, account),
      room: undefined,
      unread: history.counts({ account }).unread,
      pending: this.pending,
      lastAt: mail.lastAt(account),
      request,
      invitation: request ? invitedTo(place, account) : undefined,
    };
  }

  history(query: { readonly limit?: number; readonly search?: string } = {}): readonly StoredMessage[] {
    const { history, mail, mailboxes } = this.place.store;
    const { account } = this;
    const peerRead = new Map<string, number>();
    const readUpTo = (message: StoredMessage): number => {
      const { ownDevice, peerDevice } = message;
      if (ownDevice === undefined || peerDevice === undefined) return 0;
      const name = `${ownDevice.join()}/${peerDevice.join()}`;
      const known = peerRead.get(name) ?? mailboxes.load({ ownDevice, account, peerDevice })?.notes.peerRead ?? 0;
      peerRead.set(name, known);
      return known;
    };
    return history.list({ conversation: { account }, ...query }).map((message) => {
      if (message.state === 'delivered' && (message.seq ?? 0) <= readUpTo(message))
        return { ...message, state: 'read' };
      if (message.state === 'too-old' && mail.wasGivenUp(message.number)) return { ...message, state: 'failed' };
      return message;
    });
  }

  markRead(number: number): void {
    const { account } = this;
    const above = this.place.store.history.markRead({ account }, number);
    if (number > above) this.#onRead({ above, number });
  }

  protected mayPost(): void {
    const { account, place } = this;
    if (place.store.peers.get(account)?.blockedAt === undefined) return;
    throw blockedError(viewAccount(place, account).fingerprint);
  }

  protected begin(): void {
    const { store, relay } = this.place;
    // To write to somebody is to be willing to hear him (§9.6).
    if (store.contacts.get(relay, this.account)?.standing === 'open') return;
    store.contacts.add(relay, this.account, 'open');
    this.#onAccepted();
  }

  protected underWay(): number {
    const { account, place } = this;
    const { posted, mailboxes } = place.store;
    const own = place.home.device.bundle.device;
    return mailboxes.ofAccount(own, account).reduce((sum, key) => sum + posted.waiting(key), 0);
  }
}

export function blockedError(fingerprint: string): WaxwingError {
  return new WaxwingError(
    'peer-blocked',
    `${fingerprint} is blocked here.`,
    `waxwing peers block --undo ${fingerprint}`,
  );
}
