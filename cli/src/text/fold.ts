/** Breaks lines to a terminal's width ourselves, so that no row of a message begins at the margin like a line of ours. */
import stringWidth from 'string-width';
import { CONTINUATION } from './sanitise.ts';

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ASCII = /^[\x20-\x7e]*$/;

/** The characters of a text as people count them. */
export function graphemesOf(text: string): string[] {
  if (ASCII.test(text)) return text.split('');
  return Array.from(GRAPHEMES.segment(text), (part) => part.segment);
}

/**
 * Columns a safe text takes at most. Terminals disagree on joined emoji, flags and the like: the widest reading counts,
 * so that a row we measured never wraps by itself.
 */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemesOf(text)) width += graphemeWidth(grapheme);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1) return stringWidth(grapheme);
  let apart = 0;
  for (const character of grapheme) apart += stringWidth(character);
  return Math.max(apart, stringWidth(grapheme));
}

/** One safe line as rows of at most `columns`, broken after a space where there is one; joined they are the line again. */
export function foldLine(line: string, columns: number): string[] {
  if (ASCII.test(line) ? line.length <= columns : widthOf(line) <= columns) return [line];
  const rows: string[] = [];
  let row = '';
  let width = 0;
  let breakAt = 0; // length of row up to and with its last space
  for (const grapheme of graphemesOf(line)) {
    const wide = graphemeWidth(grapheme);
    if (width + wide > columns && row !== '') {
      const kept = breakAt > 0 ? breakAt : row.length;
      rows.push(row.slice(0, kept));
      row = row.slice(kept);
      width = widthOf(row);
      breakAt = 0;
    }
    row += grapheme;
    width += wide;
    if (grapheme === ' ') breakAt = row.length;
  }
  rows.push(row);
  return rows;
}

/**
 * A message's safe lines under a head (`Message: `): every row but the first begins with the continuation mark, also
 * where the terminal's width broke it. `reserve` columns stay free at the end of every row for a mark of ours.
 */
export function foldMessage(
  head: string,
  lines: readonly string[],
  options: { readonly columns?: number | undefined; readonly reserve?: number } = {},
): string[] {
  const [first = '', ...rest] = lines;
  const whole = [`${head}${first}`, ...rest.map((line) => `${CONTINUATION}${line}`)];
  if (options.columns === undefined) return whole;
  const room = Math.max(12, options.columns - (options.reserve ?? 0));
  const rows: string[] = [];
  lines.forEach((line, index) => {
    const prefix = index === 0 ? head : CONTINUATION;
    const [top = '', ...more] = foldLine(line, Math.max(4, room - widthOf(prefix)));
    rows.push(prefix + top);
    const tail = more.join('');
    if (tail === '') return;
    for (const row of foldLine(tail, Math.max(4, room - CONTINUATION.length))) rows.push(CONTINUATION + row);
  });
  return rows;
}
