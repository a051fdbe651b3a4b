/** What was entered before, for the arrow keys. The line being typed is kept while one looks back. */

const MAX_ENTRIES = 500;

export class InputHistory {
  readonly #entries: string[] = [];
  #at: number | undefined; // undefined: at the line being typed
  #draft = '';

  /** Remembers an entered text; the same again is remembered once. */
  add(text: string): void {
    this.#at = undefined;
    if (text === this.#entries.at(-1)) return;
    this.#entries.push(text);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }

  /** The entry before; undefined at the oldest. `current` is the line as it stands. */
  previous(current: string): string | undefined {
    const at = (this.#at ?? this.#entries.length) - 1;
    const entry = this.#entries[at];
    if (entry === undefined) return undefined;
    if (this.#at === undefined) this.#draft = current;
    this.#at = at;
    return entry;
  }

  /** The entry after, at last the line that was being typed; undefined when already there. */
  next(): string | undefined {
    if (this.#at === undefined) return undefined;
    const at = this.#at + 1;
    this.#at = at < this.#entries.length ? at : undefined;
    return this.#entries[at] ?? this.#draft;
  }
}
