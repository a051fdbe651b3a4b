/**
 * Messages of ours on their way. The newest stay in the live area, where their mark can still change; once something
 * else is printed they become part of the transcript, and what happens to them later is told in a line of its own.
 */
import type { DeliveryState } from '../text/proof-view.ts';
import { numberRuns } from '../text/message-block.ts';
import type { OutgoingMessage } from './chat-screen.ts';

export interface OwnMessage {
  readonly message: OutgoingMessage;
  readonly state: DeliveryState;
}

const MAX_PRINTED = 10_000;
const SETTLED: readonly DeliveryState[] = ['delivered', 'too-old', 'failed'];

export class OwnMessages {
  #live: OwnMessage[] = [];
  readonly #printed = new Set<number>(); // printed before their fate was known
  #delivered: number[] = [];

  /** Those whose mark can still change in place, oldest first. */
  get live(): readonly OwnMessage[] {
    return this.#live;
  }

  add(message: OutgoingMessage): void {
    this.#live.push({ message, state: message.state });
  }

  update(number: number, state: DeliveryState): void {
    this.#live = this.#live.map((own) => (own.message.number === number ? { ...own, state } : own));
    if (this.#printed.has(number) && SETTLED.includes(state)) {
      this.#printed.delete(number);
      if (state === 'delivered') this.#delivered.push(number);
    }
  }

  /** Takes the oldest whose fate is known, and as many more as lie above `most`. */
  settle(most: number): OwnMessage[] {
    const undecided = this.#live.findIndex((own) => !SETTLED.includes(own.state));
    const known = undecided < 0 ? this.#live.length : undecided;
    const taken = this.#live.splice(0, Math.max(known, this.#live.length - most));
    for (const own of taken) {
      if (!SETTLED.includes(own.state)) this.#printed.add(own.message.number);
    }
    // A peer that never acknowledges must not fill the memory: the oldest are forgotten.
    for (const number of this.#printed) {
      if (this.#printed.size <= MAX_PRINTED) break;
      this.#printed.delete(number);
    }
    return taken;
  }

  /** `✓✓ #3 to #7` of those delivered since the last call that were printed before, or undefined. */
  takeDelivered(): string | undefined {
    if (this.#delivered.length === 0) return undefined;
    const words = `✓✓ ${numberRuns(this.#delivered)}`;
    this.#delivered = [];
    return words;
  }
}
