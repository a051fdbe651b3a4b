import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { type PaddingFile, runPadding } from './vectors/padding.ts';
import { loadVectors } from './vectors/load.ts';

test('padding.json: every entry ends as it says, on node and web (§5.3)', async () => {
  const file = loadVectors('padding') as PaddingFile;
  assert.equal(file.vectors.length, file.count);
  assert.deepEqual(await runPadding(file, p), { ran: file.count, good: file.good });
  assert.deepEqual(await runPadding(file, webPrimitives), { ran: file.count, good: file.good });
});
