/** Changes of all channels, committed in groups: one flush to the disk for everything that came meanwhile (§11.4). */
import type { Change, OutcomeOf } from './change.ts';
import type { RelayStore } from './store.ts';

/** Under load a group waits this long for more, ms; a lone change waits for nothing. */
const GATHER_FOR = 2;
/** A group above this is cut: nobody shall wait for a commit without end. */
const LARGEST_GROUP = 512;

interface Waiting {
  readonly change: Change;
  readonly resolve: (outcome: never) => void;
  readonly reject: (error: unknown) => void;
}

/** What a finished group was like, for those who measure. */
export type CommitObserver = (group: { readonly changes: number; readonly milliseconds: number }) => void;

export class CommitQueue {
  readonly #store: Pick<RelayStore, 'commit'>;
  readonly #observe: CommitObserver;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #busy = false;

  constructor(store: Pick<RelayStore, 'commit'>, observe: CommitObserver = () => undefined) {
    this.#store = store;
    this.#observe = observe;
  }

  /**
   * Resolves when the change is on disk. Changes are made in the order of the calls.
   * @throws what the store throws; then the change was not made
   */
  submit<const C extends Change>(change: C): Promise<OutcomeOf<C>> {
    const { promise, resolve, reject } = Promise.withResolvers<OutcomeOf<C>>();
    this.#waiting.push({ change, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  /** Resolves when nothing is waiting. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Everything that this turn of the event loop reads joins the group; where the last one had company, wait a little.
      await new Promise<void>((resolve) => (this.#busy ? setTimeout(resolve, GATHER_FOR) : setImmediate(resolve)));
      const group = this.#waiting.splice(0, LARGEST_GROUP);
      this.#busy = group.length > 1;
      const began = performance.now();
      await this.#commit(group);
      this.#observe({ changes: group.length, milliseconds: performance.now() - began });
    }
    this.#busy = false;
    this.#running = undefined; // in the same step as the look at what waits: nothing can slip between
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes: readonly unknown[] = await this.#store.commit(group.map(({ change }) => change));
      for (const [at, { resolve }] of group.entries()) resolve(outcomes[at] as never);
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      // One change that cannot be made must not take the others with it.
      else for (const one of group) await this.#commit([one]);
    }
  }
}
