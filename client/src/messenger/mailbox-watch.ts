/** When the mailbox has been read empty, as far as it was full when the channel came to stand. */

/** With nothing delivered for so long, ms, what was announced has gone: it was past its time. */
const SILENCE = 5_000;

export class MailboxWatch {
  readonly #told: () => void;
  #left = 0;
  #empty = false;
  #timer: NodeJS.Timeout | undefined;

  /** `told`: it is empty now. */
  constructor(told: () => void) {
    this.#told = told;
  }

  /** Everything announced has been taken. */
  get empty(): boolean {
    return this.#empty;
  }

  /** A channel stands; so many envelopes wait. */
  up(waiting: number): void {
    this.#left = waiting;
    this.#empty = false;
    this.#look();
  }

  down(): void {
    clearTimeout(this.#timer);
    this.#empty = false;
  }

  /** So many were opened, or done with otherwise. */
  taken(count: number): void {
    if (this.#empty) return;
    this.#left -= count;
    this.#look();
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (this.#left > 0) {
      this.#timer = setTimeout(() => this.#tell(), SILENCE).unref();
      return;
    }
    this.#tell();
  }

  #tell(): void {
    this.#empty = true;
    this.#told();
  }
}
