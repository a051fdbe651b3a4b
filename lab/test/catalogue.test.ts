/** The attacks as a catalogue: each is described, named by its file, and there once. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECK_NAMES, CHECKS, loadAttacks } from '../src/index.ts';

const attacks = await loadAttacks();

test('every file of attacks/ is one attack, and its name begins with the attack’s', () => {
  const files = readdirSync(join(import.meta.dirname, '../src/attacks'));
  assert.deepEqual(files.map((name) => name.split('-')[0]?.toUpperCase()).sort(), attacks.map(({ id }) => id).sort());
  assert.equal(new Set(attacks.map(({ id }) => id)).size, attacks.length);
});

test('every attack tells what it is', () => {
  for (const { id, title, has, steps, breaks, textbookFalls, remains = title, textbook } of attacks) {
    for (const words of [title, has, remains, ...steps]) assert.match(words, /^[^\s].{5,}[^.\s]$/u, `${id}: ${words}`);
    assert.ok(steps.length > 0 && breaks.length > 0, id);
    assert.equal(textbook === undefined, textbookFalls === undefined, id);
  }
});

test('every check tells where it stands, what holds by it, and what there is without it', () => {
  assert.deepEqual(Object.keys(CHECKS), [...CHECK_NAMES]);
  for (const name of CHECK_NAMES) {
    const { section, what, without } = CHECKS[name];
    assert.match(section, /^(§\d|docs\/)/);
    assert.match(what, /^.{10,}[^.]$/u, name);
    if (without !== undefined) assert.match(without, /^.{10,}[^.]$/u, name);
  }
});
