/** Lines of text in a drawing: SVG breaks none by itself. */
import { type Html, html } from './html.ts';

/** Roughly what a letter takes of its size; drawings leave room. */
const LETTER = 0.56;

export interface TextStyle {
  readonly x: number;
  /** Pixels of the drawing. */
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly className?: string;
}

/** Words gathered into lines of at most `width`; a longer word has a line of its own. */
export function wrapWords(
  words: readonly string[],
  separator: string,
  { width, size }: { readonly width: number; readonly size: number },
): string[] {
  const most = Math.floor(width / (size * LETTER));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + word.length <= most)
      lines[lines.length - 1] = last + separator + word;
    else lines.push(word);
  }
  return lines;
}

/** Lines below each other; `y` is the first one's base line. */
export function textLines(lines: readonly string[], y: number, style: TextStyle): Html {
  const { x, size, anchor = 'start', className = '' } = style;
  return html`${lines.map(
    (line, at) =>
      html`<text x="${x}" y="${y + at * lineHeight(size)}" font-size="${size}" text-anchor="${anchor}" class="${className}">${line}</text>`,
  )}`;
}

export function lineHeight(size: number): number {
  return Math.round(size * 1.4);
}
