/** `waxwing bench` as the real command. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { records, waxwing } from './fixtures/two-homes.ts';

test('waxwing bench measures every figure and reads it, and leaves nothing behind', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-speed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const outcome = await waxwing(['bench', '--json'], { env: { TMPDIR: folder } });
  assert.equal(outcome.code, 0, outcome.err);
  const figures = records(outcome);
  assert.equal(new Set(figures.map(({ name }) => name)).size, 7);
  for (const { name, unit, median, p5, p95, samples, reading } of figures) {
    assert.ok(Number(median) > 0 && Number(p5) <= Number(median) && Number(median) <= Number(p95), String(name));
    assert.ok(Number(samples) >= 1);
    assert.match(String(unit), /^(ms|µs|messages\/s)$/);
    assert.match(String(reading), /^\p{L}.{20,}[^.]$/u);
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('waxwing bench prints a line for each figure', async () => {
  const { code, out } = await waxwing(['bench']);
  assert.equal(code, 0);
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length, 7);
  for (const line of lines) assert.match(line, /^\S.{35} *[\d.]+ (ms|µs|messages\/s) +\p{L}/u);
});
