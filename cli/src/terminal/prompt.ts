/** What stands before the line being typed, and the passing word above it. */
import { foldLine } from '../text/fold.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import type { Style } from '../text/style.ts';

export const PROMPT = 'Type Message: ';

export class Prompt {
  #shown = false;
  #text = PROMPT;
  #hint: string | undefined;
  /** Messages that came while nobody touched the keys. */
  unread = 0;

  get shown(): boolean {
    return this.#shown;
  }

  get text(): string {
    return this.#text;
  }

  /** `text` is made safe. */
  show(shown: boolean, text: string = this.#text): void {
    this.#shown = shown;
    this.#text = sanitiseLine(text);
  }

  hint(text: string | undefined): void {
    this.#hint = text === undefined ? undefined : sanitiseLine(text);
  }

  /** What stands at the beginning of the input: the choices of a question, or what is unread and whom a text goes to. */
  head(choices: string | undefined): string {
    if (choices !== undefined) return `${choices}: `;
    const unread = this.unread === 0 ? '' : `● ${String(this.unread)} new  `;
    return unread + (this.#shown ? this.#text : '');
  }

  /** A row of the input as it looks: the head in its colour. */
  styled(row: string, choices: string | undefined, style: Style): string {
    const head = this.head(choices);
    return head !== '' && row.startsWith(head) ? style.cyan(head) + row.slice(head.length) : row;
  }

  /** The row above the input, if there is something to say. */
  hintRows(columns: number, style: Style): string[] {
    if (this.#hint === undefined) return [];
    return foldLine(this.#hint, columns).slice(0, 1).map(style.dim);
  }
}
