/** docs/learn/: what its pages show and name is there. `test/e2e/learn.test.ts` runs their commands. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { loadAttacks } from '@waxwing/lab';
import { readSteps, unmarkedCommands } from './documents/console-blocks.ts';

const LESSONS = join(import.meta.dirname, '../docs/learn');
const PAGES = readdirSync(LESSONS)
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, markdown: readFileSync(join(LESSONS, name), 'utf8') }));

suite('the lessons', () => {
  test('name attacks that the lab has', async () => {
    const known = new Set((await loadAttacks()).map(({ id }) => id));
    const named = PAGES.flatMap(({ markdown }) =>
      Array.from(markdown.matchAll(/\b[AaMm]\d\d?\b/g), ([id]) => id.toUpperCase()),
    );
    assert.ok(new Set(named).size > 15);
    assert.deepEqual(
      named.filter((id) => !known.has(id)),
      [],
    );
  });

  test('are all there, and show no command that is not run', () => {
    assert.equal(PAGES.length, 8);
    for (const { name, markdown } of PAGES) {
      assert.notEqual(readSteps(markdown).length, 0, name);
      assert.deepEqual(unmarkedCommands(markdown), [], name);
    }
  });

  test('link to pages that exist', () => {
    for (const { name, markdown } of PAGES) {
      const targets = Array.from(markdown.matchAll(/\]\(([^)#]+)\)/g), ([, target = '']) => target);
      assert.notEqual(targets.length, 0, name);
      const lost = targets.filter((target) => !existsSync(join(LESSONS, target)));
      assert.deepEqual(lost, [], name);
    }
  });
});
