/** The line being typed: text and cursor, moved by characters as people count them. Knows nothing of terminals. */
import { graphemesOf } from '../text/fold.ts';

/** A gap buffer of graphemes: what stands before the cursor, and behind it (nearest last). */
export class LineEditor {
  #before: string[] = [];
  #behind: string[] = [];
  #cut = '';

  get text(): string {
    return this.#before.join('') + this.#behind.toReversed().join('');
  }

  get isEmpty(): boolean {
    return this.#before.length === 0 && this.#behind.length === 0;
  }

  /** Graphemes before the cursor. */
  get before(): readonly string[] {
    return this.#before;
  }

  /** Graphemes from the cursor on. */
  get behind(): readonly string[] {
    return this.#behind.toReversed();
  }

  /** Replaces everything; the cursor stands at the end. */
  set(text: string): void {
    this.#before = graphemesOf(text);
    this.#behind = [];
  }

  /** Inserts at the cursor; what joins its neighbours (marks, joiners) becomes one character with them. */
  insert(text: string): void {
    const left = this.#before.pop() ?? '';
    this.#before.push(...graphemesOf(left + text));
    const last = this.#before.at(-1);
    const next = this.#behind.at(-1);
    if (last === undefined || next === undefined) return;
    const joined = graphemesOf(last + next);
    if (joined.length === 1) {
      this.#before[this.#before.length - 1] = last + next;
      this.#behind.pop();
    }
  }

  left(): void {
    const grapheme = this.#before.pop();
    if (grapheme !== undefined) this.#behind.push(grapheme);
  }

  right(): void {
    const grapheme = this.#behind.pop();
    if (grapheme !== undefined) this.#before.push(grapheme);
  }

  wordLeft(): void {
    while (this.#before.length > 0 && !inWord(this.#before.at(-1))) this.left();
    while (this.#before.length > 0 && inWord(this.#before.at(-1))) this.left();
  }

  wordRight(): void {
    while (this.#behind.length > 0 && !inWord(this.#behind.at(-1))) this.right();
    while (this.#behind.length > 0 && inWord(this.#behind.at(-1))) this.right();
  }

  /** To the start of this line of the text. */
  home(): void {
    while (this.#before.length > 0 && this.#before.at(-1) !== '\n') this.left();
  }

  end(): void {
    while (this.#behind.length > 0 && this.#behind.at(-1) !== '\n') this.right();
  }

  /** A line up or down in a text of several, in the same column; false where there is none. */
  up(): boolean {
    const start = this.#before.lastIndexOf('\n');
    if (start < 0) return false;
    const column = this.#before.length - start - 1;
    this.home();
    this.left();
    this.home();
    this.#along(column);
    return true;
  }

  down(): boolean {
    if (!this.#behind.includes('\n')) return false;
    const column = this.#before.length - this.#before.lastIndexOf('\n') - 1;
    this.end();
    this.right();
    this.#along(column);
    return true;
  }

  backspace(): void {
    this.#before.pop();
  }

  delete(): void {
    this.#behind.pop();
  }

  /** Cuts the word before the cursor. */
  cutWordLeft(): void {
    this.#cutLeft(() => this.wordLeft());
  }

  cutWordRight(): void {
    const from = this.#before.length;
    this.wordRight();
    this.#keepCut(this.#before.splice(from).join(''));
  }

  /** Cuts everything before the cursor, in all lines. */
  cutBefore(): void {
    this.#keepCut(this.#before.splice(0).join(''));
  }

  /** Cuts everything behind the cursor, in all lines. */
  cutBehind(): void {
    this.#keepCut(this.#behind.splice(0).toReversed().join(''));
  }

  /** Puts back what was cut last. */
  yank(): void {
    if (this.#cut !== '') this.insert(this.#cut);
  }

  #cutLeft(move: () => void): void {
    const end = this.#behind.length;
    move();
    this.#keepCut(this.#behind.splice(end).toReversed().join(''));
  }

  #keepCut(text: string): void {
    if (text !== '') this.#cut = text;
  }

  #along(column: number): void {
    for (let i = 0; i < column && this.#behind.length > 0 && this.#behind.at(-1) !== '\n'; i++) this.right();
  }
}

function inWord(grapheme: string | undefined): boolean {
  return grapheme !== undefined && /[\p{L}\p{N}\p{M}_]/u.test(grapheme);
}
