/**
 * Messages of ours on their way. The newest stay in the live area, where their mark can still change; once something
 * else is printed they become part of the transcript, and what happens to them later is told in a line of its own.
 */
import type { DeliveryState } from '../text/proof-view.ts';
import { numberRuns } from '../text/message-block.ts';
import { deliveryMark } from '../text/proof-line.ts';
import type { OutgoingMessage } from './chat-screen.ts';

export interface OwnMessage {
  readonly message: OutgoingMessage;
  readonly state: DeliveryState;
}

const MAX_PRINTED = 10_000;
const SETTLED: readonly DeliveryState[] = ['delivered', 'read', 'too-old', 'failed'];
const READ: readonly DeliveryState[] = ['read', 'too-old', 'failed'];

export class OwnMessages {
  #live: OwnMessage[] = [];
  /** Printed before their fate was known, with the last that was told of them. */
  readonly #printed = new Map<number, DeliveryState>();
  readonly #final: readonly DeliveryState[];
  readonly #told: Record<'sent' | 'delivered' | 'read', number[]> = { sent: [], delivered: [], read: [] };

  /** `reads`: the peer may tell that it has read a message, so that delivered is not the end. */
  constructor(reads = false) {
    this.#final = reads ? READ : SETTLED;
  }

  /** Those whose mark can still change in place, oldest first. */
  get live(): readonly OwnMessage[] {
    return this.#live;
  }

  add(message: OutgoingMessage): void {
    this.#live.push({ message, state: message.state });
  }

  update(number: number, state: DeliveryState): void {
    this.#live = this.#live.map((own) => (own.message.number === number ? { ...own, state } : own));
    const before = this.#printed.get(number);
    if (before === undefined || before === state) return;
    if (this.#final.includes(state)) this.#printed.delete(number);
    else this.#printed.set(number, state);
    // A relay may keep a message for long: that it has it is worth a word of its own.
    if (state === 'delivered' || state === 'read' || (state === 'sent' && this.#final === READ)) {
      this.#told[state].push(number);
    }
  }

  /** Takes the oldest whose fate is known, and as many more as lie above `most`. */
  settle(most: number): OwnMessage[] {
    const undecided = this.#live.findIndex((own) => !this.#final.includes(own.state));
    const known = undecided < 0 ? this.#live.length : undecided;
    const taken = this.#live.splice(0, Math.max(known, this.#live.length - most));
    for (const own of taken) {
      if (!this.#final.includes(own.state)) this.#printed.set(own.message.number, own.state);
    }
    // A peer that never acknowledges must not fill the memory: the oldest are forgotten.
    for (const number of this.#printed.keys()) {
      if (this.#printed.size <= MAX_PRINTED) break;
      this.#printed.delete(number);
    }
    return taken;
  }

  /** `✓✓ #3 to #7` of those delivered since the last call that were printed before, or undefined; `✓✓ read #3` likewise. */
  takeTold(): string | undefined {
    const told = new Set<number>();
    const words: string[] = [];
    for (const state of ['read', 'delivered', 'sent'] as const) {
      const numbers = this.#told[state].splice(0).filter((number) => !told.has(number));
      for (const number of numbers) told.add(number);
      if (numbers.length > 0) words.unshift(`${deliveryMark(state)} ${numberRuns(numbers)}`);
    }
    return words.length === 0 ? undefined : words.join('  ');
  }
}
