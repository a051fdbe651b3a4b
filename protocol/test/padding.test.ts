import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { type PaddingFile, runPadding } from './vectors/padding.ts';
import { loadVectors } from './vectors/load.ts';

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`padding.json: every entry ends as it says (§5.3), on ${name}`, async () => {
    const file = loadVectors('padding') as PaddingFile;
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runPadding(file, primitives), { ran: file.count, good: file.good });
  });
}
