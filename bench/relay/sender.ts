/** Somebody who sends: what is on its way, what is due, and when the next may go. */
import { randomBytes } from 'node:crypto';
import { MESSAGE_SIZE, type Peer } from './peer.ts';

/** What a relay takes unanswered from one channel (§11.4); where there are as many, whatever is due waits here. */
const MOST_OPEN = 64;
const CONTENT = randomBytes(MESSAGE_SIZE);

/** The same in every process of a machine, ms. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A message whose first eight bytes say when it was due. */
function messageOf(due: number): Uint8Array {
  const message = new Uint8Array(CONTENT);
  new DataView(message.buffer).setFloat64(0, due);
  return message;
}

export function dueOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getFloat64(0);
}

export class Sender {
  readonly #peer: Peer;
  readonly #to: string;
  /** When each of those that wait was due. */
  readonly #due: number[] = [];
  #sent = 0;
  #open = 0;
  #changed: () => void = () => undefined;

  constructor(peer: Peer, to: string) {
    this.#peer = peer;
    this.#to = to;
  }

  acknowledged(count: number): void {
    this.#open -= count;
    while (this.#open < MOST_OPEN && this.#due.length > 0) this.#send(this.#due.shift() ?? Number.NaN);
    this.#changed();
  }

  /** Goes now, or as soon as it may. */
  sendDue(due: number): void {
    if (this.#open < MOST_OPEN) this.#send(due);
    else this.#due.push(due);
  }

  /** Sends as fast as it may until `until`; resolves when everything is acknowledged. */
  async flood({ until, window }: { readonly until: number; readonly window: number }): Promise<void> {
    await this.idle(() => {
      for (let now = machineTime(); this.#open < window && now < until; now = machineTime()) this.#send(now);
    });
  }

  /** Resolves when everything is acknowledged; `step` is called at once, and whenever something was. */
  async idle(step: () => void = () => undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#changed = () => {
        step();
        if (this.#open === 0) resolve();
      };
      this.#changed();
    });
    this.#changed = () => undefined;
  }

  /** How many were sent since this was asked last. */
  takeSent(): number {
    const sent = this.#sent;
    this.#sent = 0;
    return sent;
  }

  #send(due: number): void {
    this.#sent += 1;
    this.#open += 1;
    this.#peer.send(this.#to, messageOf(due));
  }
}
