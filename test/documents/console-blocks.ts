/**
 * The commands a document shows, with the output it promises.
 *
 * A fenced block marked `console` holds commands and what they print:
 *
 *   $ a command                a line that begins with `$ ` is a command,
 *   > more of it               lines that follow at once and begin with `> ` continue it (or are just `>`),
 *   what it prints, … varies   every other line is expected output, where `…` stands for one or more characters
 *   …                          and a line that is only `…` for any number of lines, none included.
 */

/** A command of a document and what it must print. */
export interface ConsoleStep {
  /** of the `$ ` line in the document, from 1 */
  readonly line: number;
  readonly command: string;
  readonly expected: readonly string[];
}

const FENCE = /^(`{3,}|~{3,})\s*(\S*)/;
const ANY = '…';

/** What looks like a command typed into a shell. */
const TYPED = /^(\$ |npx |npm |waxwing |openssl )/;

interface Fenced {
  readonly language: string;
  readonly first: number; // of the first line inside, from 1
  readonly lines: readonly string[];
}

/** The fenced blocks of a document in their order. @throws Error where one is not closed */
function fencedBlocks(markdown: string): Fenced[] {
  const blocks: Fenced[] = [];
  let open: { fence: string; language: string; first: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, fence = '', language = ''] = FENCE.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== '') open = { fence, language, first: index + 2, lines: [] };
    } else if (line.trimEnd() === open.fence) {
      blocks.push(open);
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`the block that begins at line ${open.first - 1} is not closed`);
  return blocks;
}

/** Every command of a document's console blocks, in order. @throws Error where a block begins with output */
export function readSteps(markdown: string): ConsoleStep[] {
  return fencedBlocks(markdown)
    .filter(({ language }) => language === 'console')
    .flatMap(stepsOf);
}

function stepsOf({ first, lines }: Fenced): ConsoleStep[] {
  const steps: { line: number; command: string; expected: string[] }[] = [];
  for (const [index, line] of lines.entries()) {
    const step = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ line: first + index, command: line.slice(2), expected: [] });
    else if (step === undefined) throw new Error(`line ${first + index}: output before any command`);
    else if (/^>( |$)/.test(line) && step.expected.length === 0) step.command += `\n${line.slice(2)}`;
    else step.expected.push(line);
  }
  return steps;
}

/** Lines of blocks that are not `console` and yet show a command: nobody would run them. */
export function unmarkedCommands(markdown: string): number[] {
  return fencedBlocks(markdown)
    .filter(({ language }) => language !== 'console')
    .flatMap(({ first, lines }) => lines.flatMap((line, index) => (TYPED.test(line) ? [first + index] : [])));
}

/** Whether what was printed is what a document expects. Blanks at the end of a line and empty lines at the end are nothing. */
export function agrees(expected: readonly string[], printed: string): boolean {
  const pattern = trimEnd(expected)
    .map((line) => (line.trim() === ANY ? String.raw`(?:[^\n]*\n)*?` : `${escaped(line)}\n`))
    .join('');
  const lines = trimEnd(printed.split('\n')).map((line) => `${line}\n`);
  return new RegExp(`^${pattern}$`, 'u').test(lines.join(''));
}

function trimEnd(lines: readonly string[]): string[] {
  const trimmed = lines.map((line) => line.trimEnd());
  return trimmed.slice(0, trimmed.findLastIndex((line) => line !== '') + 1);
}

function escaped(line: string): string {
  return line
    .split(ANY)
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`))
    .join(String.raw`[^\n]+?`);
}
