import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import fc from 'fast-check';
import { EXIT } from '../src/exit-code.ts';
import { safeJson } from '../src/output.ts';
import { buildProgram } from '../src/program.ts';
import { readNumber } from '../src/syntax/option.ts';

const PAGE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

interface Leaf {
  /** `waxwing peers verify` */
  readonly words: string;
  readonly command: Command;
}

/** Every command that does something, with all its words. */
function leaves(command: Command, before = ''): Leaf[] {
  const words = `${before}${command.name()}`;
  const visible = command.createHelp().visibleCommands(command);
  const children = visible.filter((child) => child.name() !== 'help').flatMap((child) => leaves(child, `${words} `));
  const named = command.options.some(({ long }) => long === '--profile' || long === '--data');
  const acts = children.length === 0 || command.registeredArguments.length > 0 || named;
  return acts ? [{ words, command }, ...children] : children;
}

/** What a command prints with `--help`. */
function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return help;
}

const program = buildProgram(() => undefined);
const all = leaves(program);

test('every command has a description and, in its help, an example that begins with its words', () => {
  assert.ok(all.length > 20, `only ${all.length} commands were found`);
  for (const { words, command } of all) {
    const help = helpOf(command);
    assert.match(command.description(), /^\p{L}.*[^.]$/u, words);
    assert.match(help, /\nExamples?:\n {2}(WAXWING|waxwing|seq)/, words);
    assert.ok(help.slice(help.indexOf('\nExample')).includes(words), words);
  }
});

test('docs/cli.md has a section for each command, which names its options, and no others', () => {
  const sections = new Map(
    PAGE.split(/^### /m)
      .slice(1)
      .map((section) => {
        const [, title = ''] = /^`([^`]+)`/.exec(section) ?? [];
        return [title, section.split(/^## /m)[0] ?? ''];
      }),
  );
  const expected = all.map(({ words, command }) =>
    [words, argumentsOf(command)].filter((part) => part !== '').join(' '),
  );
  assert.deepEqual([...sections.keys()].sort(), [...expected, 'waxwing help [command]'].sort());
  for (const [index, { command }] of all.entries()) {
    const title = expected[index] ?? '';
    const listed = [...(sections.get(title) ?? '').matchAll(/^\| `(--[^`]+)` \| .+ \|$/gm)].map(([, flags]) => flags);
    const options = command.options.map((option) => option.flags);
    assert.deepEqual(listed.sort(), options.sort(), title);
  }
});

function argumentsOf(command: Command): string {
  return command.registeredArguments
    .map((argument) => {
      const name = argument.name() + (argument.variadic ? '...' : '');
      return argument.required ? `<${name}>` : `[${name}]`;
    })
    .join(' ');
}

test('docs/cli.md has every exit code, and every environment variable that is read', () => {
  const table = PAGE.slice(PAGE.indexOf('## Exit codes'));
  const codes = [...table.matchAll(/^\| (\d) \|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(codes, Object.values(EXIT));
  for (const name of [
    'WAXWING_HOME',
    'WAXWING_PASSPHRASE_FILE',
    'WAXWING_CLASSIC_SECRET',
    'WAXWING_RELAY_CONFIG',
    'NO_COLOR',
  ]) {
    assert.match(PAGE, new RegExp(`^\\| \`${name}\``, 'm'));
  }
});

/** What a file loads before anything runs, by name; its own files are followed. */
function loaded(file: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(file.href)) return seen;
  seen.add(file.href);
  const statics = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)'/gm);
  for (const [, name = ''] of statics) {
    if (name.startsWith('.')) loaded(new URL(name, file), seen);
    else seen.add(name);
  }
  return seen;
}

test('--help waits for nothing heavy: no database, no protocol, no terminal', () => {
  const names = [...loaded(new URL('../src/main.ts', import.meta.url))];
  assert.deepEqual(names.filter((name) => !name.startsWith('file:')).sort(), ['commander', 'node:fs']);
  assert.ok(names.some((name) => name.endsWith('/syntax/peers.ts')));
  assert.ok([...loaded(new URL('../src/commands/peers.ts', import.meta.url))].includes('@waxwing/protocol'));
});

test('numbers are read with and without #, and nothing else is', () => {
  assert.equal(readNumber('#12'), 12);
  assert.equal(readNumber('7'), 7);
  for (const wrong of ['', '0', '-1', '1.5', '1e3', '##1', '01', 'x', '9'.repeat(17)]) {
    assert.throws(() => readNumber(wrong), /number from 1/, wrong);
  }
});

test('JSON reads back as it was, without a character that could act', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      'a',
      '"',
      '\\',
      '\n',
      '\u001b',
      '\u0085',
      '\u202e',
      '\u2028',
      '\ufeff',
      '\ufffe',
      '😀',
      '\u{e0041}',
    ),
  });
  fc.assert(
    fc.property(hostile, (text) => {
      const json = safeJson({ text });
      assert.deepEqual(JSON.parse(json), { text });
      assert.doesNotMatch(json, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 100 },
  );
});
