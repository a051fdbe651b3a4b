import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { concat, utf8 } from '../src/bytes.ts';
import { decimalOf, decodeStatement, encodeStatement, hexOf } from '../src/codec/statement.ts';
import { isProtocolError } from '../src/errors.ts';
import { MAX_STATEMENT } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { loadVectors } from './vectors/load.ts';
import { runStatements, type StatementFile } from './vectors/statements.ts';

const file = loadVectors('statements') as StatementFile;
const NAMES = ['a', 'b-2'];

const fails =
  (check?: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, 'statement') && (check === undefined || error.check === check);

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  minLength: 1,
});

suite('statement (§1.2)', () => {
  test('statements.json', async () => {
    assert.equal(file.count, 15);
    assert.equal(file.good, 5);
    assert.deepEqual(await runStatements(file, p), { ran: file.count, good: file.good });
  });

  test('what is written is read again', () => {
    fc.assert(
      fc.property(printable, printable, (a, b) => {
        const bytes = encodeStatement('test', [
          ['a', a],
          ['b-2', b],
        ]);
        assert.deepEqual(decodeStatement(bytes, 'test', NAMES), [a, b]);
      }),
      { numRuns: 100 },
    );
  });

  test('whatever is accepted serialises to the same bytes', () => {
    const good = encodeStatement('test', [
      ['a', 'x: y'],
      ['b-2', ' z '],
    ]);
    const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255), remove: fc.nat(1), insert: fc.nat(1) });
    let accepted = 0;
    fc.assert(
      fc.property(change, ({ at, byte, remove, insert }) => {
        const changed = concat(good.subarray(0, at), new Uint8Array(insert).fill(byte), good.subarray(at + remove));
        let values: string[];
        try {
          values = decodeStatement(changed, 'test', NAMES);
        } catch (error) {
          assert.ok(fails()(error));
          return;
        }
        accepted += 1;
        const fields = NAMES.map((name, index): [string, string] => [name, values[index] ?? '']);
        assert.deepEqual(encodeStatement('test', fields), changed);
      }),
      { numRuns: 500 },
    );
    assert.ok(accepted > 0);
  });

  test('every other layout is refused', () => {
    const read = (text: string) => () => decodeStatement(utf8(text), 'test', NAMES);
    assert.deepEqual(read('waxwing/1 test\na: 1\nb-2: 2\n')(), ['1', '2']);
    assert.throws(read(''), fails('kind'));
    assert.throws(read('waxwing/1 test'), fails('line'));
    assert.throws(read('waxwing/1 test\na: 1\nb-2: 2'), fails('line'));
    assert.throws(read('waxwing/1 test\na: 1\nb-2: 2\n\n'), fails('line'));
    assert.throws(read('waxwing/1 test\na: 1\n'), fails('line'));
    assert.throws(read('waxwing/1 test\na: 1\nb-2: 2\nc: 3\n'), fails('line'));
    assert.throws(read('waxwing/1 tests\na: 1\nb-2: 2\n'), fails('kind'));
    assert.throws(read('waxwing/2 test\na: 1\nb-2: 2\n'), fails('kind'));
    assert.throws(read(' waxwing/1 test\na: 1\nb-2: 2\n'), fails('kind'));
    assert.throws(read('\nwaxwing/1 test\na: 1\nb-2: 2\n'), fails('kind'));
    assert.throws(read('waxwing/1 test\nb-2: 2\na: 1\n'), fails('a'));
    assert.throws(read('waxwing/1 test\na: 1\na: 1\n'), fails('b-2'));
    assert.throws(read('waxwing/1 test\na: \nb-2: 2\n'), fails('a'));
    assert.throws(read('waxwing/1 test\na:1\nb-2: 2\n'), fails('a'));
    assert.throws(read('waxwing/1 test\nA: 1\nb-2: 2\n'), fails('a'));
    assert.throws(read('waxwing/1 test\r\na: 1\r\nb-2: 2\r\n'), fails('ascii'));
    assert.throws(read('waxwing/1 test\na: é\nb-2: 2\n'), fails('ascii'));
    assert.throws(read('waxwing/1 test\na: \x7f\nb-2: 2\n'), fails('ascii'));
    assert.throws(() => decodeStatement(Uint8Array.of(0xff), 'test', NAMES), fails('ascii'));
    assert.deepEqual(read('waxwing/1 test\na:  \nb-2: ~\n')(), [' ', '~']);
    assert.throws(read('waxwing/1 test\na: \x1f\nb-2: 2\n'), fails('ascii'));
  });

  test('kinds and names are names', () => {
    for (const name of ['', 'A', 'a b', 'a:', '1a', 'a\n', '-a', 'é']) {
      assert.throws(() => encodeStatement(name, []), fails('kind'), name);
      assert.throws(() => encodeStatement('test', [[name, 'x']]), fails('name'), name);
    }
  });

  test('a value is one line of printable ASCII', () => {
    for (const value of ['', 'x\n', '\nx', 'x\ny: z', 'x\r', '\t', '\x7f', 'é', '✓']) {
      assert.throws(() => encodeStatement('test', [['a', value]]), fails('a'), JSON.stringify(value));
    }
  });

  test('2,048 bytes, not 2,049, both ways', () => {
    const value = 'x'.repeat(MAX_STATEMENT - 'waxwing/1 test\na: \n'.length);
    const bytes = encodeStatement('test', [['a', value]]);
    assert.equal(bytes.length, MAX_STATEMENT);
    assert.deepEqual(decodeStatement(bytes, 'test', ['a']), [value]);
    assert.throws(() => encodeStatement('test', [['a', `${value}x`]]), fails('size'));
    assert.throws(() => decodeStatement(utf8(`waxwing/1 test\na: ${value}x\n`), 'test', ['a']), fails('size'));
  });

  test('numbers are decimal, without leading zeros, below 2^53', () => {
    assert.equal(decimalOf('0'), 0);
    assert.equal(decimalOf('10'), 10);
    assert.equal(decimalOf('9007199254740991'), 2 ** 53 - 1);
    const wrong = ['', '00', '01', '+1', '-1', ' 1', '1 ', '1.0', '1e3', '0x1', '9007199254740992', '１', '1_0', '1\n'];
    for (const text of wrong) assert.equal(decimalOf(text), undefined, text);
  });

  test('hex is lower-case and of its size', () => {
    assert.deepEqual(hexOf('00ff', 2), new Uint8Array([0, 255]));
    for (const text of ['00FF', '00', '00f', '00fff', '00ffff', '00fg', '', ' 0ff', '0x00', '00f\n', '00ff\n']) {
      assert.equal(hexOf(text, 2), undefined, text);
    }
  });
});
