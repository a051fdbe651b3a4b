/** The rows at the bottom of a terminal that are drawn again and again: erased relative to the cursor, never by guess. */
import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '../text/fold.ts';
import type { InputLayout } from './input-layout.ts';

const NOTHING: InputLayout = { rows: [''], cursorRow: 0, cursorPrefix: '' };

export class LiveArea {
  #drawn: InputLayout = NOTHING;

  /** Takes the cursor to the area's first column and row and clears from there. */
  erase(): string {
    const up = this.#drawn.cursorRow;
    this.#drawn = NOTHING;
    return `\r${up > 0 ? `\u001b[${up}A` : ''}\u001b[J`;
  }

  /** Draws rows that are no wider than the terminal, and puts the cursor where it belongs. */
  draw(layout: InputLayout, style: (row: string, index: number) => string = (row) => row): string {
    this.#drawn = layout;
    const up = layout.rows.length - 1 - layout.cursorRow;
    const cursorRow = layout.rows[layout.cursorRow] ?? '';
    let out = layout.rows.map(style).join('\r\n');
    // Printing the part before the cursor again places it, however wide this terminal draws the characters.
    if (up > 0 || cursorRow !== layout.cursorPrefix) {
      out += `${up > 0 ? `\u001b[${up}A` : ''}\r${style(layout.cursorPrefix, layout.cursorRow)}`;
    }
    return out;
  }

  /**
   * Whether after a change of size the rows drawn may lie elsewhere: terminals differ in how they break rows that became
   * too wide. Then only a full repaint is certain.
   */
  lostBy({ columns, rows }: { readonly columns: number; readonly rows: number }): boolean {
    return (
      this.#drawn.rows.length > rows || this.#drawn.rows.some((row) => widthOf(stripVTControlCharacters(row)) > columns)
    );
  }

  /** Forgets what was drawn: the screen was cleared. */
  reset(): void {
    this.#drawn = NOTHING;
  }
}
