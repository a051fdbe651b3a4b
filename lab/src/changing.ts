/** Something that may be waited for: whoever changes it says so. */
const PATIENCE = 10_000;

export class Changing {
  readonly #waiting = new Set<() => void>();

  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  async until(holds: () => boolean): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (holds()) resolve(true);
    };
    const patience = setTimeout(() => resolve(false), PATIENCE);
    this.#waiting.add(look);
    look();
    const held = await promise;
    clearTimeout(patience);
    this.#waiting.delete(look);
    return held;
  }
}
