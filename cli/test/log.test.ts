import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DirectEvent, Home } from '@waxwing/client';
import { directRecord, openLog } from '../src/log.ts';

test('the log of a run that is called without end stays small, and its newest lines are whole', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const log = openLog({ path: folder, memory: false } as Home, directRecord);
  const failed = (message: string): DirectEvent => ({
    kind: 'failed',
    remote: '127.0.0.1',
    peer: undefined,
    detail: { code: 'frame', check: 'limit', message },
  });
  for (let call = 1; call <= 3_000; call++) log(failed(`call ${String(call)} ${'x'.repeat(1_000)}`));
  assert.deepEqual(readdirSync(folder).sort(), ['waxwing.log', 'waxwing.log.1']);
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size < 1_010_000, name);
  const lines = readFileSync(join(folder, 'waxwing.log'), 'utf8').trim().split('\n');
  assert.match((JSON.parse(lines.at(-1) ?? '') as { message: string }).message, /^call 3000 /u);
});
