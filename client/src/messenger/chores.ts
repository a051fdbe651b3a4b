/** Work with the home's disk that nobody waits for: one piece after the other, and again after a pause where the disk fails. */
import { Backoff } from '../connection/backoff.ts';
import { isDiskFailure } from '../errors.ts';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { Place } from './place.ts';

/** Pieces that wait at once. What comes beyond is the relay's word, which is asked for again with each channel. */
const MOST = 1_024;

/** Each time from the beginning: what it did before it failed was undone, or is found done. */
export type Chore = () => Promise<void>;

export interface ChoresOptions {
  readonly place: Place;
  /** Something failed that is neither the disk nor the relay. */
  readonly onFault: (error: unknown) => void;
}

export class Chores {
  readonly #options: ChoresOptions;
  readonly #waiting = new Map<string, Chore>();
  #count = 0;
  #running = false;
  #work: Promise<void> = Promise.resolve();
  #backoff = new Backoff();
  /** The user was told of this failure of the disk. */
  #told = false;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(options: ChoresOptions) {
    this.#options = options;
  }

  /** Does it now, or behind those that wait. One of this name that waits already is enough. */
  add(name: string, chore: Chore): void {
    if (this.#waiting.has(name) || this.#waiting.size >= MOST) return;
    this.#waiting.set(name, chore);
    if (this.#running) return;
    this.#running = true;
    this.#work = this.#run().catch((error: unknown) => {
      this.#running = false;
      this.#options.onFault(error);
    });
  }

  /** As `add`, and no other makes it needless. */
  addEach(chore: Chore): void {
    this.#count += 1;
    this.add(`/${String(this.#count)}`, chore);
  }

  /** Resolves when nothing waits; after `end` also where the disk kept something from being done. */
  async settled(): Promise<void> {
    while (this.#running) await this.#work;
  }

  /** What waits is tried once more, and then no more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const [name, chore] = next;
      this.#waiting.delete(name);
      if ((await this.#done(chore)) || this.#ended) continue;
      if (!this.#waiting.has(name)) this.#waiting.set(name, chore); // behind the others: it may be this one alone
      await this.#pause();
    }
    this.#told = false;
    this.#backoff = new Backoff();
    this.#running = false;
  }

  /** What the relay kept from being done is done when it is asked for again. */
  async #done(chore: Chore): Promise<boolean> {
    try {
      await chore();
      return true;
    } catch (error) {
      if (error instanceof RelayFailure || this.#ended) return true; // after the end the home may be closed
      if (!isDiskFailure(error)) throw error;
      if (!this.#told) this.#options.place.observe({ kind: 'storage', error });
      this.#told = true;
      return false;
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#backoff.next()).unref();
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** One that somebody waits for: again after a pause where the disk fails, as long as `stands`. The user is told once. */
export async function doUntilKept(
  place: Place,
  { work, stands }: { readonly work: Chore; readonly stands: () => boolean },
): Promise<void> {
  const backoff = new Backoff();
  for (let told = false; stands(); told = true) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isDiskFailure(error)) throw error;
      if (!told) place.observe({ kind: 'storage', error });
      await new Promise((resolve) => setTimeout(resolve, backoff.next()).unref());
    }
  }
}
