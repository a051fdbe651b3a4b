/** Every waxwing command that a page shows, in a block or in a sentence, exists and has the options shown with it. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildProgram } from '../cli/src/program.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = globSync(['*.md', 'docs/**/*.md', 'lab/*.md'], { cwd: ROOT });
const EVERYWHERE = ['--help', '--version', '-h', '-V'];

const BLOCK = /^```(\w*)\n([^]*?)^```/gm;
const WAXWING = /^(?:[A-Z_]+=\S+ )*(?:npx )?waxwing(?: |$)([^|&>#;]*)/;

const program = buildProgram(() => undefined);

/** The words behind `waxwing` in each piece of code that begins with it; blocks marked `console` are run, not read. */
function shownCommands(markdown: string): string[][] {
  const blocks = Array.from(markdown.matchAll(BLOCK), ([, language, block = '']) =>
    language === 'console' ? '' : block,
  );
  const inline = Array.from(markdown.replaceAll(BLOCK, '').matchAll(/`([^`\n]+)`/g), ([, code = '']) => code);
  return [...blocks.flatMap((block) => block.split('\n')), ...inline].flatMap((code) => {
    const [, rest] = WAXWING.exec(code) ?? [];
    return rest === undefined ? [] : [(rest.split(/ {2,}/)[0] ?? '').split(' ').filter((word) => word !== '')];
  });
}

/** What is wrong with a command as shown. */
function faultsOf(shown: readonly string[]): string[] {
  return unknownWords(program, shown).map((word) => `waxwing ${shown.join(' ')}: no ${word}`);
}

/** Options that the command lacks, and what should have been one of its subcommands. */
function unknownWords(command: ReturnType<typeof buildProgram>, words: readonly string[]): string[] {
  const [first = ''] = words;
  const child = command.commands.find((one) => one.name() === first);
  if (child !== undefined) return unknownWords(child, words.slice(1));
  if (command.commands.length > 0 && /^[a-z]/.test(first) && first !== 'help') return [first];
  const options = [...EVERYWHERE, ...command.options.flatMap(({ long, short }) => [long, short])];
  return words.filter((word) => word.startsWith('-') && !options.includes(word));
}

test('every command that a page shows exists, with its options', () => {
  const shown = PAGES.flatMap((page) => shownCommands(readFileSync(join(ROOT, page), 'utf8')));
  assert.ok(shown.length > 60, `only ${shown.length} were found`);
  assert.deepEqual(shown.flatMap(faultsOf), []);
});

test('one that does not exist is found', () => {
  const page =
    'See `waxwing id shew` or `npx waxwing lab run A01 --with hmac`.\n```sh\nWAXWING_HOME=a waxwing prove 1  # x\n```\n';
  const faults = [
    'waxwing prove 1: no prove',
    'waxwing id shew: no shew',
    'waxwing lab run A01 --with hmac: no --with',
  ];
  assert.deepEqual(shownCommands(page).flatMap(faultsOf), faults);
  assert.deepEqual(shownCommands('`waxwing id`, `waxwing COMMAND --help`, `waxwing help id`').flatMap(faultsOf), []);
  assert.deepEqual(shownCommands('```console\n$ waxwing prove 1\nwaxwing holds\n```\n'), []);
});
