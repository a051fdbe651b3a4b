/** spec/threat-model.md names the test that shows each of its lines: the tests must exist. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAttacks } from '../lab/src/index.ts';

const ROOT = join(import.meta.dirname, '..');
const TITLE = /\b(?:test|it)(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
const REFERENCE = /→ `([^`]+\.test\.ts)` “([^”]+)”/g;
/** An attack of the lab: lab/test/attacks*.test.ts run every one of them. */
const ATTACK = /→ `waxwing lab run ([AMR]\d+)`/g;
const attacks = new Set((await loadAttacks()).map(({ id }) => id));

function titlesOf(file: string): Set<string> {
  if (!existsSync(join(ROOT, file))) return new Set();
  const matches = readFileSync(join(ROOT, file), 'utf8').matchAll(TITLE);
  return new Set(Array.from(matches, ([, , title = '']) => title.replaceAll(/\\(['"`])/g, '$1')));
}

/** What is wrong with one line of a can or cannot list. */
function lineFaults(line: string): string[] {
  const references = [...line.matchAll(REFERENCE)];
  const ids = Array.from(line.matchAll(ATTACK), ([, id = '']) => id);
  const arrows = line.split('→').length - 1;
  if (references.length + ids.length !== arrows) return [`not of the form: ${line}`];
  if (arrows === 0) return /\(no test: .+\)$/.test(line) ? [] : [`neither a test nor a reason: ${line}`];
  return [
    ...references
      .filter(([, file = '', title = '']) => !titlesOf(file).has(title))
      .map(([, file, title]) => `no such test: ${file} “${title}”`),
    ...ids.filter((id) => !attacks.has(id)).map((id) => `no such attack: ${id}`),
  ];
}

test('every line of the threat model names tests that exist, or says why it has none', () => {
  const lines = readFileSync(join(ROOT, 'spec/threat-model.md'), 'utf8').split('\n');
  const items = lines.filter((line) => line.startsWith('- '));
  assert.ok(items.length > 50);
  assert.deepEqual(items.flatMap(lineFaults), []);
});

test('a line that names nothing, or what is not there, is found', () => {
  const here = 'test/threat-model.test.ts';
  assert.deepEqual(lineFaults(`- x. → \`${here}\` “a line that names nothing, or what is not there, is found”`), []);
  assert.equal(lineFaults(`- x. → \`${here}\` “another”`).length, 1);
  assert.equal(lineFaults('- x. → `protocol/test/absent.test.ts` “another”').length, 1);
  assert.deepEqual(lineFaults('- x. → `waxwing lab run A08`'), []);
  assert.equal(lineFaults('- x. → `waxwing lab run A99`').length, 1);
  assert.equal(lineFaults('- x. → somewhere').length, 1);
  assert.equal(lineFaults('- x.').length, 1);
});
