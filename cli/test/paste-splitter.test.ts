import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PasteSplitter, type TerminalPiece } from '../src/terminal/paste-splitter.ts';

const START = '\u001b[200~';
const END = '\u001b[201~';

/** Pieces of the same kind joined: pastes stay apart. */
function split(chunks: readonly string[]): TerminalPiece[] {
  const splitter = new PasteSplitter();
  const out: TerminalPiece[] = [];
  for (const piece of [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()]) {
    const last = out.at(-1);
    if (piece.kind === 'keys' && last?.kind === 'keys')
      out[out.length - 1] = { kind: 'keys', text: last.text + piece.text };
    else out.push(piece);
  }
  return out;
}

test('pastes are told from keys wherever the chunks are cut', () => {
  const stream = `ab${START}one\rtwo\u001b[A${END}\u001b[Ac${START}${END}`;
  const expected = [
    { kind: 'keys', text: 'ab' },
    { kind: 'paste', text: 'one\rtwo\u001b[A' },
    { kind: 'keys', text: '\u001b[Ac' },
    { kind: 'paste', text: '' },
  ];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 })), (cuts) => {
      const at = [0, ...[...new Set(cuts)].sort((a, b) => a - b), stream.length];
      const chunks = at.slice(1).map((end, index) => stream.slice(at[index], end));
      assert.deepEqual(split(chunks), expected);
    }),
  );
});

test('a lone Escape is held, and let go as a key', () => {
  const splitter = new PasteSplitter();
  assert.deepEqual(splitter.push('\u001b'), []);
  assert.ok(splitter.holdsKeys);
  assert.deepEqual(splitter.flush(), [{ kind: 'keys', text: '\u001b' }]);
  assert.ok(!splitter.holdsKeys);
});

test('Ctrl+C still works where a paste never ends', () => {
  const splitter = new PasteSplitter();
  assert.deepEqual(splitter.push(`${START}abc`), []);
  assert.deepEqual(splitter.push('\u0003'), [
    { kind: 'paste', text: 'abc' },
    { kind: 'keys', text: '\u0003' },
  ]);
});
