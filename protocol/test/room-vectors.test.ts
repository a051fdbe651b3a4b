import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import { loadVectors } from './vectors/load.ts';
import { type RoomsFile, runRooms } from './vectors/rooms.ts';

test('rooms.json: every entry ends as it says (§10), on node', async () => {
  const file = loadVectors('rooms') as RoomsFile;
  assert.equal(file.vectors.length, file.count);
  assert.deepEqual(await runRooms(file, nodePrimitives), { ran: file.count, good: file.good });
});
