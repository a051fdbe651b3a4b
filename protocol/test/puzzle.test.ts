import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { concat } from '../src/bytes.ts';
import { decodeF1, encodeF1 } from '../src/handshake/messages.ts';
import { checkPuzzle, solvePuzzle } from '../src/handshake/puzzle.ts';
import { startResponder } from '../src/handshake/responder.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { Primitives } from '../src/primitives.ts';
import { connect, failureOf, frameOf, recorded } from './fixtures/connect.ts';
import { bob, NOW } from './fixtures/devices.ts';

const EMPTY = new Uint8Array(0);

suite('puzzles (§3)', () => {
  const f1 = Uint8Array.of(1, 2, 3);
  const f2 = Uint8Array.of(4, 5);

  test('a solution has its zero bits, and is checked to the bit', async () => {
    for (const bits of [1, 7, 8, 9, 12]) {
      const puzzle = await solvePuzzle({ bits, f1, f2 });
      assert.equal(puzzle.length, 8);
      const hash = p.sha256(concat(f1, f2, puzzle));
      const zeros = Array.from(hash, (byte) => byte.toString(2).padStart(8, '0'))
        .join('')
        .indexOf('1');
      assert.ok(zeros >= bits);
      assert.ok(checkPuzzle(p, { bits: zeros, f1, f2 }, puzzle));
      assert.ok(!checkPuzzle(p, { bits: zeros + 1, f1, f2 }, puzzle));
      assert.ok(!checkPuzzle(p, { bits, f1, f2 }, puzzle.subarray(0, 7)));
      assert.ok(!checkPuzzle(p, { bits, f1, f2 }, concat(puzzle, Uint8Array.of(0))));
    }
  });

  test('empty exactly when none is asked', async () => {
    assert.equal((await solvePuzzle({ bits: 0, f1, f2 })).length, 0);
    assert.ok(checkPuzzle(p, { bits: 0, f1, f2 }, EMPTY));
    assert.ok(!checkPuzzle(p, { bits: 0, f1, f2 }, new Uint8Array(8)));
    assert.ok(!checkPuzzle(p, { bits: 1, f1, f2 }, EMPTY));
  });

  test('solving lets other work run', async () => {
    let turns = 0;
    let solving = true;
    const count = (): void => {
      turns += 1;
      if (solving) setImmediate(count);
    };
    setImmediate(count);
    // This one takes seven rounds of attempts; the first may end before the loop comes by.
    const hard = Uint8Array.of(7);
    const puzzle = await solvePuzzle({ bits: 16, f1: hard, f2 });
    solving = false;
    assert.ok(new DataView(puzzle.buffer).getUint32(4) > 6 * 8_192, 'the example is hard enough');
    assert.ok(turns > 1);
  });

  test('a handshake under load, with the puzzle checked before any key operation', async () => {
    const { server, client } = await connect({ puzzleBits: 12 });
    assert.deepEqual(server.handshake.th5, client.handshake.th5);
    const keyless: Primitives = {
      ...p,
      x25519: () => assert.fail('a key operation'),
      mlKemDecapsulate: () => assert.fail('a key operation'),
      signPss: () => assert.fail('a key operation'),
    };
    const { F2: free } = await recorded();
    const failure = await failureOf({
      serverPrimitives: keyless,
      puzzleBits: 12,
      wire: (frame, name) => [name === 'F2' ? free : frame],
    });
    assert.equal(failure, 'server handshake-f2 puzzle');
  });

  test('a client solves 22 bits and no more; a server asks 20 and no more', async () => {
    const { f1: free } = startResponder(p, { device: bob, puzzleBits: 0, now: NOW });
    const hello = decodeF1(frameOf(free));
    assert.equal(decodeF1(frameOf(encodeF1({ ...hello, puzzleBits: 22 }))).puzzleBits, 22);
    assert.throws(() => decodeF1(frameOf(encodeF1({ ...hello, puzzleBits: 23 }))), { check: 'puzzle' });
    startResponder(p, { device: bob, puzzleBits: 20, now: NOW });
    for (const puzzleBits of [21, -1, 0.5, Number.NaN]) {
      assert.throws(() => startResponder(p, { device: bob, puzzleBits, now: NOW }), { code: 'limit', check: 'puzzle' });
    }
  });
});
