/** How long to wait before the next try: longer each time, and begun anew once a connection has lasted. */
import { randomInt } from 'node:crypto';

export const FIRST_BACKOFF = 250;
export const LONGEST_BACKOFF = 30_000;

export class Backoff {
  #pause = FIRST_BACKOFF;

  /**
   * Milliseconds before the next try, with jitter: many clients do not come at once. Never less than the other end
   * asked for.
   */
  next(asked = 0): number {
    const pause = this.#pause * (0.8 + randomInt(400) / 1_000);
    this.#pause = Math.min(this.#pause * 2, LONGEST_BACKOFF);
    return Math.max(pause, asked * (1 + randomInt(250) / 1_000));
  }

  /** A connection stood for `ms`. One that let in and cut at once is not called more often for that. */
  stood(ms: number): void {
    if (ms >= LONGEST_BACKOFF) this.#pause = FIRST_BACKOFF;
  }
}
