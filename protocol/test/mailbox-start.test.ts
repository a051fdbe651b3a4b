import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { loadVectors } from './vectors/load.ts';
import { runStart, type StartFile } from './vectors/start.ts';

const file = loadVectors('start') as StartFile;

for (const [name, primitives] of Object.entries({ node: nodePrimitives, web: webPrimitives })) {
  test(`start.json: every entry ends as it says (§9.2, §9.3), on ${name}`, async () => {
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runStart(file, primitives), { ran: file.count, good: file.good });
  });
}
