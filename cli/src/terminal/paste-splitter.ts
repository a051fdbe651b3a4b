/** Tells pasted text from typed keys: terminals put a paste between `ESC [200~` and `ESC [201~` when asked to. */

const START = '\u001b[200~';
const END = '\u001b[201~';
const INTERRUPT = '\u0003';

export interface TerminalPiece {
  readonly kind: 'keys' | 'paste';
  readonly text: string;
}

/** Feeds on what a terminal sends, in pieces cut anywhere. */
export class PasteSplitter {
  #held = '';
  #paste: string | undefined;

  /** What is complete now. A tail that may become the start of a paste is held; `flush` lets it go as keys. */
  push(chunk: string): TerminalPiece[] {
    const pieces: TerminalPiece[] = [];
    // A key pressed while a paste never ends: a broken terminal must not take Ctrl+C away.
    if (this.#paste !== undefined && chunk === INTERRUPT) {
      pieces.push({ kind: 'paste', text: this.#paste + this.#held });
      this.#paste = undefined;
      this.#held = '';
    }
    let rest = this.#held + chunk;
    this.#held = '';
    while (rest !== '') {
      const inPaste = this.#paste !== undefined;
      const mark = inPaste ? END : START;
      const at = rest.indexOf(mark);
      const text = at < 0 ? rest.slice(0, rest.length - tailOf(rest, mark)) : rest.slice(0, at);
      if (this.#paste !== undefined) this.#paste += text;
      else if (text !== '') pieces.push({ kind: 'keys', text });
      if (at < 0) {
        this.#held = rest.slice(text.length);
        break;
      }
      if (this.#paste !== undefined) pieces.push({ kind: 'paste', text: this.#paste });
      this.#paste = inPaste ? undefined : '';
      rest = rest.slice(at + mark.length);
    }
    return pieces;
  }

  /** Whether something is held that only time can tell to be keys. */
  get holdsKeys(): boolean {
    return this.#paste === undefined && this.#held !== '';
  }

  /** Lets go what is held, as keys. */
  flush(): TerminalPiece[] {
    if (!this.holdsKeys) return [];
    const text = this.#held;
    this.#held = '';
    return [{ kind: 'keys', text }];
  }
}

/** Length of the longest end of `text` that is a beginning of `mark`. */
function tailOf(text: string, mark: string): number {
  for (let size = Math.min(mark.length - 1, text.length); size > 0; size--) {
    if (text.endsWith(mark.slice(0, size))) return size;
  }
  return 0;
}
