import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { type RatchetFile, runRatchet } from './vectors/ratchet.ts';
import { loadVectors } from './vectors/load.ts';

test('ratchet.json: every entry ends as it says (§6)', async () => {
  const file = loadVectors<RatchetFile>('ratchet');
  assert.equal(file.vectors.length, file.count);
  assert.deepEqual(await runRatchet(file, p), { ran: file.count, good: file.good });
});
