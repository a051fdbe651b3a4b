/** Where the line being typed stands on the screen: rows no wider than the terminal, and the cursor among them. */
import { widthOf } from '../text/fold.ts';
import { CONTINUATION, sanitiseOwn } from '../text/sanitise.ts';

export interface InputLayout {
  /** Safe rows, none wider than the columns given. */
  readonly rows: readonly string[];
  /** Index of the row that holds the cursor. */
  readonly cursorRow: number;
  /** What of that row stands before the cursor: printing it again puts the cursor in place, however wide it is drawn. */
  readonly cursorPrefix: string;
}

/** Lays out `prompt`, then the graphemes before and behind the cursor; of more than `maxRows` rows those around the cursor. */
export function layoutInput(options: {
  readonly prompt: string;
  readonly before: readonly string[];
  readonly behind: readonly string[];
  readonly columns: number;
  readonly maxRows: number;
}): InputLayout {
  const room = Math.max(1, options.columns - 1); // the last column stays free: terminals disagree on what happens there
  const rows: string[] = [];
  let row = '';
  let width = 0;
  const wrap = (head: string): void => {
    rows.push(row);
    row = head;
    width = head.length;
  };
  const put = (grapheme: string): void => {
    if (grapheme === '\n') {
      wrap(CONTINUATION);
      return;
    }
    const shown = sanitiseOwn(grapheme).join('');
    const wide = widthOf(shown);
    if (width + wide > room && row !== '') wrap('');
    row += shown;
    width += wide;
  };
  for (const character of options.prompt) put(character);
  for (const grapheme of options.before) put(grapheme);
  // A cursor behind a full row stands at the start of the next.
  if (width >= room && options.behind.length > 0 && options.behind[0] !== '\n') wrap('');
  const cursorRow = rows.length;
  const cursorPrefix = row;
  for (const grapheme of options.behind) put(grapheme);
  rows.push(row);
  const from = Math.max(0, Math.min(cursorRow - Math.floor(options.maxRows / 2), rows.length - options.maxRows));
  return { rows: rows.slice(from, from + options.maxRows), cursorRow: cursorRow - from, cursorPrefix };
}
