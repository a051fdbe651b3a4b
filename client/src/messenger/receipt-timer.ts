/** When receipts go out (§9.6): within a second of what they answer, when the mailbox is read empty, or after 64 flights. */
import { type Bytes, fromHex, toHex } from '@waxwing/protocol';

/** While more is still being delivered, ms. */
const WITHIN = 900;
/** Once the mailbox is read empty: an answer that is typed at once takes the receipt with it. */
const SOON = 150;
const AFTER_FLIGHTS = 64;

export class ReceiptTimer {
  readonly #due: (account: Bytes) => void;
  /** Accounts (hex) that are owed one. */
  readonly #owed = new Map<string, { readonly timer: NodeJS.Timeout; count: number }>();

  constructor(due: (account: Bytes) => void) {
    this.#due = due;
  }

  /** A flight came of this account, or something of it was read. */
  owe(account: Bytes, { soon }: { readonly soon: boolean }): void {
    const name = toHex(account);
    const known = this.#owed.get(name);
    if (known !== undefined) {
      known.count += 1;
      if (known.count >= AFTER_FLIGHTS) this.#fire(name);
      return;
    }
    const timer = setTimeout(() => this.#fire(name), soon ? SOON : WITHIN).unref();
    this.#owed.set(name, { timer, count: 1 });
  }

  /** The mailbox was read empty, or the messenger closes: all that is owed goes now. */
  flush(): void {
    for (const name of [...this.#owed.keys()]) this.#fire(name);
  }

  stop(): void {
    for (const { timer } of this.#owed.values()) clearTimeout(timer);
    this.#owed.clear();
  }

  #fire(name: string): void {
    const owed = this.#owed.get(name);
    if (owed === undefined) return;
    clearTimeout(owed.timer);
    this.#owed.delete(name);
    this.#due(fromHex(name));
  }
}
