/** The conversations of a messenger: one object for each account, from the first use on. */
import { type Bytes, toHex } from '@waxwing/protocol';
import type { Chores } from './chores.ts';
import type { ConversationView } from './messenger.ts';
import type { Pairs } from './pairs.ts';
import { pairKey, type Place } from './place.ts';
import { AccountConversation } from './relay-conversation.ts';
import type { RelayMessage } from './relay-message.ts';

export interface ConversationsOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  readonly onQueued: (account: Bytes) => void;
  readonly onAccepted: (account: Bytes) => void;
  /** Something of the account was on screen, and that is on disk. */
  readonly onRead: (account: Bytes) => void;
  readonly onTyping: (account: Bytes, on: boolean) => void;
  readonly chores: Chores;
}

export class Conversations {
  readonly #options: ConversationsOptions;
  readonly #all = new Map<string, AccountConversation>();

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  of(account: Bytes): AccountConversation {
    const name = toHex(account);
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const { place, onQueued, onAccepted, onTyping, chores } = this.#options;
    const conversation = new AccountConversation({
      place,
      account,
      onQueued: () => {
        onQueued(account);
      },
      onAccepted: () => {
        onAccepted(account);
      },
      onRead: (range) => {
        const { above, number } = range;
        chores.add(`read/${name}/${String(above)}/${String(number)}`, () => this.#read(account, range));
      },
      onTyping: (on) => {
        onTyping(account, on);
      },
    });
    this.#all.set(name, conversation);
    return conversation;
  }

  /** With all but those who are known from rooms alone. */
  list(): readonly ConversationView[] {
    const { store, relay } = this.#options.place;
    const known = store.contacts.list(relay).filter(({ standing }) => standing !== 'member');
    return known.map(({ account }) => this.of(account).view);
  }

  show(messages: readonly RelayMessage[]): void {
    for (const message of messages) {
      this.#options.place.observe({ kind: 'message', message });
      this.of(message.peer.account).take([message]);
    }
  }

  delivered(account: Bytes, numbers: readonly number[]): void {
    this.#options.place.observe({ kind: 'delivered', numbers });
    this.of(account).delivered(numbers);
  }

  close(): void {
    for (const conversation of this.#all.values()) conversation.close();
  }

  /** Remembers which flights were on screen (§9.6 `read`). */
  async #read(account: Bytes, range: { readonly above: number; readonly number: number }): Promise<void> {
    const { place, pairs, onRead } = this.#options;
    const { store } = place;
    for (const { seq, peerDevice } of store.mail.seenUpTo(account, range)) {
      const pair = await pairs.of(pairKey(place, { account, device: peerDevice }));
      if (pair === undefined || seq <= pair.notes.read) continue;
      await pair.inTurn(async () => {
        pair.notes = { ...pair.notes, read: Math.max(seq, pair.notes.read) };
        try {
          store.transaction(() => {
            pair.save();
          });
        } catch (error) {
          pair.revert();
          throw error;
        }
        pair.settle();
      });
      onRead(account);
    }
  }
}
