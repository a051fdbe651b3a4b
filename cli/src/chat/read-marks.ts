/** Which received messages were shown: a run that is killed may have kept some it never showed. */
import { isWaxwingError, type Store } from '@waxwing/client';

/** Marks are put on disk together, this long after the first of them, ms: one commit, whatever is shown meanwhile. */
const TOGETHER = 1_000;

export class ReadMarks<Conversation> {
  readonly #mark: (conversation: Conversation, number: number) => void;
  /** The newest message shown of each conversation, under its id. */
  readonly #shown = new Map<string, { readonly conversation: Conversation; readonly number: number }>();
  #timer: NodeJS.Timeout | undefined;

  /** `mark` puts on disk that everything up to a number was shown. */
  constructor(mark: (conversation: Conversation, number: number) => void) {
    this.#mark = mark;
  }

  /** A message is on the screen. */
  shown(id: string, conversation: Conversation, number: number): void {
    this.#shown.set(id, { conversation, number });
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, TOGETHER).unref();
  }

  /** Puts the marks on disk. One that cannot be written only means that a later run mentions the message once more. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const shown = [...this.#shown.values()];
    this.#shown.clear();
    try {
      for (const { conversation, number } of shown) this.#mark(conversation, number);
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
    }
  }
}

/** How many messages an earlier run kept and may not have shown. They count as told from now on. */
export function takeUnshown({ history, peers }: Pick<Store, 'history' | 'peers'>): number {
  let unshown = 0;
  for (const { account } of peers.list()) {
    const { unread } = history.counts({ account });
    if (unread === 0) continue;
    unshown += unread;
    history.markRead({ account }, Number.MAX_SAFE_INTEGER);
  }
  return unshown;
}
