/** Why what is queued for an account waits, as the relay or a check said last. In memory: the next channel finds out anew. */
import { type Bytes, toHex } from '@waxwing/protocol';
import type { WaxwingError } from '../errors.ts';

export class HeldBack {
  readonly #reasons = new Map<string, WaxwingError>();

  note(account: Bytes, error: WaxwingError): void {
    this.#reasons.set(toHex(account), error);
  }

  /** Something went there. */
  clear(account: Bytes): void {
    this.#reasons.delete(toHex(account));
  }

  of(account: Bytes): WaxwingError | undefined {
    return this.#reasons.get(toHex(account));
  }
}
