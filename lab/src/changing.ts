/** Something that may be waited for: whoever changes it says so, and what others change is looked at now and then. */

const PATIENCE = 10_000;
/** ms */
const LOOK_EVERY = 20;

export class Changing {
  readonly #waiting = new Set<() => void>();

  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Whether it held within `patience` ms. */
  async until(holds: () => boolean, patience = PATIENCE): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (holds()) resolve(true);
    };
    const end = setTimeout(() => resolve(false), patience);
    const looking = setInterval(look, LOOK_EVERY);
    this.#waiting.add(look);
    look();
    const held = await promise;
    clearTimeout(end);
    clearInterval(looking);
    this.#waiting.delete(look);
    return held;
  }
}
