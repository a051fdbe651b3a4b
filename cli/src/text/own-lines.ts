/** Lines of ours on a screen: reports, help, X-ray. */
import { foldLine } from './fold.ts';
import type { Style } from './style.ts';

/** Lines of ours, safe already: as they are, or made for the width and the looks of the screen they come to. */
export type OwnLines = readonly string[] | ((columns: number, style: Style) => readonly string[]);

/** Terminal: what is wider than the terminal goes on set in. Styled lines stay as they are, and so do those made for it. */
export function ownLines(lines: OwnLines, { style, columns }: { style: Style; columns: number }): readonly string[] {
  if (typeof lines === 'function') return lines(columns, style);
  return lines.flatMap((line) => {
    if (line.includes('\u001b')) return [line];
    const [first = '', ...rest] = foldLine(line, columns);
    const tail = rest.join('');
    const indent = `${/^ */.exec(line)?.[0] ?? ''}    `;
    const room = Math.max(12, columns - indent.length);
    return tail === '' ? [first] : [first, ...foldLine(tail, room).map((row) => indent + row)];
  });
}
