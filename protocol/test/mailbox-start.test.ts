import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import { loadVectors } from './vectors/load.ts';
import { runStart, type StartFile } from './vectors/start.ts';

test('start.json: every entry ends as it says (§9.2, §9.3), on node', async () => {
  const file = loadVectors('start') as StartFile;
  assert.equal(file.vectors.length, file.count);
  assert.deepEqual(await runStart(file, nodePrimitives), { ran: file.count, good: file.good });
});
