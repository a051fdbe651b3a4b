/** Where the user is among the conversations: the one that typed text goes to, and what is unread in the others. */
import type { Messenger, RelayConversation, RelayConversationKey } from '@waxwing/client';
import { toHex } from '@waxwing/protocol';
import { ReadMarks } from '../chat/read-marks.ts';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { conversationLabel } from '../text/conversation-label.ts';

/** More conversations with something unread than these are only counted in the prompt. */
const NAMED = 3;

interface Unread {
  readonly key: RelayConversationKey;
  count: number;
}

export interface PlacesOptions {
  readonly screen: ChatScreen;
  /** Undefined while it is being opened. */
  readonly messenger: () => Messenger | undefined;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #unread = new Map<string, Unread>();
  /** Of rooms: what `view` costs is not to be paid for every message. */
  readonly #roomTitles = new Map<string, string>();
  readonly #read: ReadMarks<RelayConversationKey>;
  #current: { readonly conversation: RelayConversation; readonly key: RelayConversationKey } | undefined;
  #drawing = false;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#read = new ReadMarks((key, number) => options.messenger()?.conversationOf(key).markRead(number));
  }

  /** What typed text goes to. */
  get current(): RelayConversation | undefined {
    return this.#current?.conversation;
  }

  /** Its title as it is now; remote. */
  get title(): string | undefined {
    return this.#current && this.titleOf(this.#current.key);
  }

  /** A conversation's title; remote. */
  titleOf(key: RelayConversationKey): string {
    const messenger = this.#options.messenger();
    if ('account' in key) return messenger?.titleOf(key.account) ?? '';
    const id = idOf(key);
    const known = this.#roomTitles.get(id) ?? messenger?.conversationOf(key).view.title ?? '';
    if (known !== '') this.#roomTitles.set(id, known);
    return known;
  }

  /** Rooms may be called something else now. */
  renamed(): void {
    this.#roomTitles.clear();
    this.draw();
  }

  isHere(key: RelayConversationKey): boolean {
    return this.#current !== undefined && idOf(this.#current.key) === idOf(key);
  }

  /** Takes what is unread from an earlier run. */
  begin(): void {
    for (const { key, unread } of this.#options.messenger()?.conversations() ?? []) {
      if (unread > 0) this.#unread.set(idOf(key), { key, count: unread });
    }
    this.draw();
  }

  /** From now on typed text goes there, and what was unread there has been seen once it was printed. */
  enter(conversation: RelayConversation | undefined): void {
    const key = conversation?.view.key;
    this.#current = conversation === undefined || key === undefined ? undefined : { conversation, key };
    if (key !== undefined) this.#unread.delete(idOf(key));
    this.draw();
  }

  /** A message is on the screen: seen where the user is, or where nobody could go there to see it. */
  arrived(key: RelayConversationKey, number: number): void {
    if (this.isHere(key) || !this.#options.screen.interactive) {
      this.seen(key, number);
      return;
    }
    const unread = this.#unread.get(idOf(key));
    if (unread === undefined) this.#unread.set(idOf(key), { key, count: 1 });
    else unread.count += 1;
    this.draw();
  }

  /** Everything up to this number was on screen. */
  seen(key: RelayConversationKey, number: number): void {
    this.#read.shown(idOf(key), key, number);
  }

  /** Puts on disk what was seen. */
  flush(): void {
    this.#read.flush();
  }

  /** Draws the prompt anew, once for everything that happens in one turn. */
  draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#options.screen.prompt(true, this.prompt());
    });
  }

  /** `(@bob 2, #team 1) alice> `, safe. */
  prompt(): string {
    const { title } = this;
    const here = title === undefined ? '(no conversation)' : conversationLabel(title);
    const others = [...this.#unread.values()];
    if (others.length === 0) return `${here}> `;
    const named = others.slice(0, NAMED).map(({ key, count }) => {
      return `${conversationLabel(this.titleOf(key))} ${String(count)}`;
    });
    const more = others.length > NAMED ? [`${String(others.length - NAMED)} more`] : [];
    return `(${[...named, ...more].join(', ')}) ${here}> `;
  }
}

/** One word for a conversation, to tell it from others. */
export function idOf(key: RelayConversationKey): string {
  return 'room' in key ? `room ${toHex(key.room)}` : toHex(key.account);
}
