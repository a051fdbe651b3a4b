/** A request that is answered with a code instead of what it asked for (§11.4). */
import type { RefusalCode } from '@waxwing/protocol/wire';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  /** ms; 0: no time would help. */
  readonly retry: number;

  constructor(code: RefusalCode, retry = 0) {
    super(`refused with ${String(code)}`);
    this.code = code;
    this.retry = retry;
  }
}
