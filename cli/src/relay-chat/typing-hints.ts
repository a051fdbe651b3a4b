/** Who is typing, in one passing line: each for as long as a signal holds (§9.7). */

/** A signal is shown for so long, ms. */
const SHOWN_FOR = 6_000;

interface Typing {
  readonly words: string;
  readonly timer: NodeJS.Timeout;
}

export class TypingHints {
  readonly #hint: (text: string | undefined) => void;
  readonly #typing = new Map<string, Typing>();

  constructor(hint: (text: string | undefined) => void) {
    this.#hint = hint;
  }

  /** `name` and `where` are safe; `conversation` and they together tell one who types from another. */
  tell(conversation: string, name: string, where: string, on: boolean): void {
    const id = `${conversation} ${name}`;
    const before = this.#typing.get(id);
    if (before === undefined && !on) return;
    clearTimeout(before?.timer);
    this.#typing.delete(id);
    if (on) {
      const timer = setTimeout(() => {
        this.#typing.delete(id);
        this.#draw();
      }, SHOWN_FOR).unref();
      this.#typing.set(id, { words: `${name} is typing${where}`, timer });
    }
    this.#draw();
  }

  stop(): void {
    for (const { timer } of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
    this.#draw();
  }

  #draw(): void {
    const words = [...this.#typing.values()].map((one) => one.words);
    this.#hint(words.length === 0 ? undefined : `${words.join(', ')}…`);
  }
}
