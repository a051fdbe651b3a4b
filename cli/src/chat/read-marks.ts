/** Which received messages were shown: a run that is killed may have kept some it never showed. */
import { isWaxwingError, type Store } from '@waxwing/client';
import { encodeFingerprint } from '@waxwing/protocol';

/** Marks are put on disk together, this long after the first of them, ms: one commit, whatever is shown meanwhile. */
const TOGETHER = 1_000;

export class ReadMarks {
  readonly #store: Pick<Store, 'history' | 'peers'>;
  /** The newest message shown of each peer. */
  readonly #shown = new Map<string, { readonly account: Uint8Array<ArrayBuffer>; readonly number: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<Store, 'history' | 'peers'>) {
    this.#store = store;
  }

  /** How many messages an earlier run kept and may not have shown. They count as told from now on. */
  takeUnshown(): number {
    const { history, peers } = this.#store;
    let unshown = 0;
    for (const { account } of peers.list()) {
      const { unread } = history.counts({ account });
      if (unread === 0) continue;
      unshown += unread;
      history.markRead({ account }, Number.MAX_SAFE_INTEGER);
    }
    return unshown;
  }

  /** A message is on the screen. */
  shown(account: Uint8Array<ArrayBuffer>, number: number): void {
    this.#shown.set(encodeFingerprint(account), { account, number });
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
      for (const { account, number } of shown) this.#store.history.markRead({ account }, number);
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
    }
  }
}
