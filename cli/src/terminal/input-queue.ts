/** What the user did, waiting to be taken by the one consumer of a screen. */

export class InputQueue<Item> implements AsyncIterable<Item> {
  #items: Item[] = [];
  #taken = 0; // items already given out at the front of #items
  #ended = false;
  #waiting: ((result: IteratorResult<Item>) => void)[] = [];
  #onEmpty: (() => void) | undefined;
  readonly #onWait: () => void;

  /** `onWait` is called each time the consumer finds nothing and waits. */
  constructor(onWait: () => void) {
    this.#onWait = onWait;
  }

  get size(): number {
    return this.#items.length - this.#taken;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Adds an item; nothing is added after the end. */
  push(item: Item): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ done: false, value: item });
    else this.#items.push(item);
  }

  /** Adds the last item; `urgent` goes before everything that waits, which is dropped. */
  finish(item: Item, urgent = false): void {
    if (this.#ended) return;
    if (urgent) this.#clear();
    this.push(item);
    this.end();
  }

  /** No item follows. */
  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
    this.#wake();
  }

  /** Resolves when everything was taken, or nothing more will be. */
  async emptied(): Promise<void> {
    if (this.size === 0 || this.#ended) return;
    await new Promise<void>((resolve) => {
      const earlier = this.#onEmpty;
      this.#onEmpty = () => {
        earlier?.();
        resolve();
      };
    });
  }

  /** Lets those who wait in `emptied` go on although something is left. */
  wake(): void {
    this.#wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<Item> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  #next(): Promise<IteratorResult<Item>> {
    const item = this.#items[this.#taken];
    if (item !== undefined) {
      this.#taken += 1;
      if (this.size === 0) {
        this.#clear();
        this.#wake();
      }
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#onWait();
    });
  }

  #clear(): void {
    this.#items = [];
    this.#taken = 0;
  }

  #wake(): void {
    const resolve = this.#onEmpty;
    this.#onEmpty = undefined;
    resolve?.();
  }
}
