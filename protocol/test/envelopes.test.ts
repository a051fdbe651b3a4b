import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { type EnvelopesFile, runEnvelopes } from './vectors/envelopes.ts';
import { loadVectors } from './vectors/load.ts';

test('envelopes.json: every entry ends as it says (§5)', async () => {
  const file = loadVectors('envelopes') as EnvelopesFile;
  assert.equal(file.vectors.length, file.count);
  assert.deepEqual(await runEnvelopes(file, p), { ran: file.count, good: file.good });
});
