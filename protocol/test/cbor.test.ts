import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decode as decodeWithOracle } from 'cbor2';
import fc from 'fast-check';
import { type Bytes, concat, equalBytes, fromHex, u16, u32, u64, u8, utf8 } from '../src/bytes.ts';
import {
  anyValue,
  bytes,
  bytesBetween,
  type CborValue,
  cborSize,
  decodeCbor,
  decodeCborAs,
  encodeCbor,
  exactly,
  list,
  text,
  tuple,
  uint,
} from '../src/codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../src/errors.ts';
import { MAX_CBOR_ARRAY, MAX_CBOR_DEPTH } from '../src/limits.ts';
import { type CborFile, runCbor } from './vectors/cbor.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('cbor') as CborFile;

const fails =
  (check: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, 'cbor') && error.check === check;

/** Any code point but the surrogates. fast-check's own `binary` spends half a second on a map of all of them. */
const anyCharacter = fc
  .nat(0x10ffff - 0x800)
  .map((point) => String.fromCodePoint(point < 0xd800 ? point : point + 0x800));

/** Any value of the subset whose arrays stand at most `depth` inside one another. */
function values(depth: number): fc.Arbitrary<CborValue> {
  const leaf = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(300),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(anyCharacter, { maxLength: 40 }).map((characters) => characters.join('')),
  );
  return depth === 0 ? leaf : fc.oneof({ weight: 2, arbitrary: leaf }, fc.array(values(depth - 1), { maxLength: 6 }));
}

/** Decodes, or gives undefined where the one typed refusal was thrown; anything else that is thrown escapes. */
function tryDecode(input: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(input);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'cbor') return undefined;
    throw error;
  }
}

/** What another implementation makes of the bytes; its byte strings are Buffers. */
function readByOracle(input: Uint8Array): CborValue {
  const plain = (value: CborValue): CborValue => {
    if (value instanceof Uint8Array) return new Uint8Array(value);
    return typeof value === 'object' ? value.map(plain) : value;
  };
  return plain(decodeWithOracle<CborValue>(input));
}

function nested(depth: number): CborValue {
  let value: CborValue = [];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}

suite('cbor (§1.1)', () => {
  test('cbor.json', async () => {
    assert.equal(file.count, 80);
    assert.equal(file.good, 22);
    assert.deepEqual(await runCbor(file), { ran: file.count, good: file.good });
  });

  test('what is encoded decodes to itself', () => {
    fc.assert(
      fc.property(values(MAX_CBOR_DEPTH), (value) => {
        assert.deepEqual(decodeCbor(encodeCbor(value)), value);
      }),
      { numRuns: 80 },
    );
  });

  test('the size of an encoding is known without it', () => {
    fc.assert(
      fc.property(values(MAX_CBOR_DEPTH), (value) => {
        assert.equal(cborSize(value), encodeCbor(value).length);
      }),
      { numRuns: 80 },
    );
    for (const number of [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      const encoded = encodeCbor(number);
      assert.equal(cborSize(number), encoded.length);
      assert.equal(readByOracle(encoded), number);
      assert.equal(decodeCbor(encoded), number);
    }
    assert.throws(() => cborSize(-1), fails('uint'));
  });

  test('another implementation reads the same', () => {
    fc.assert(
      fc.property(values(3), (value) => {
        assert.deepEqual(readByOracle(encodeCbor(value)), value);
      }),
      { numRuns: 100 },
    );
  });

  test('random bytes are refused with the one error, or are exactly what their value encodes to', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
        const value = tryDecode(input);
        if (value !== undefined) assert.deepEqual(encodeCbor(value), Uint8Array.from(input));
      }),
      { numRuns: 1000 },
    );
  });

  test('so are damaged encodings', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(values(3), change, (value, { at, byte, cut }) => {
        const input = encodeCbor(value);
        input[at % input.length] = byte;
        const damaged = input.slice(0, Math.max(0, input.length - cut));
        const found = tryDecode(damaged);
        if (found === undefined) return;
        assert.deepEqual(encodeCbor(found), damaged);
        assert.deepEqual(readByOracle(damaged), found);
      }),
      { numRuns: 500 },
    );
  });

  test('a head that claims what is not there costs nothing', () => {
    for (const major of [0x40, 0x60, 0x80]) {
      for (const size of [2 ** 20, 2 ** 31, 2 ** 32 - 1]) {
        assert.throws(() => decodeCbor(concat(new Uint8Array([major | 26]), u32(size))), ProtocolError);
      }
      for (const size of [2 ** 32, 2 ** 50, 2 ** 53 - 1]) {
        assert.throws(() => decodeCbor(concat(new Uint8Array([major | 27]), u64(size))), ProtocolError);
      }
      assert.throws(() => decodeCbor(fromHex(`${(major | 27).toString(16)}ffffffffffffffff`)), ProtocolError);
    }
    // Arrays that each claim 1,024 items, one inside another: refused at the head, not after 1,024^5 of them.
    const greedy = concat(...Array.from({ length: 5 }, () => concat(new Uint8Array([0x99]), u16(1024))));
    assert.throws(() => decodeCbor(greedy), fails('array size'));
  });

  test('a head longer than its number needs is refused, whatever it begins', () => {
    const bodies: Readonly<Record<number, (size: number) => Bytes>> = {
      0: () => new Uint8Array(0),
      2: (size) => new Uint8Array(size),
      3: (size) => new Uint8Array(size).fill(0x61),
      4: (size) => new Uint8Array(size),
    };
    const longer: [form: number, least: number, write: (value: number) => Bytes][] = [
      [24, 24, u8],
      [25, 2 ** 8, u16],
      [26, 2 ** 16, u32],
      [27, 2 ** 32, u64],
    ];
    for (const [form, least, write] of longer) {
      for (const value of [0, 1, 23, 24, 255, 256, 1024, 65_535, 65_536, 2 ** 32 - 1].filter((each) => each < least)) {
        for (const [major, body] of Object.entries(bodies)) {
          if (major !== '0' && value > 1024) continue; // heads of what no body follows are refused for that
          const head = concat(u8((Number(major) << 5) | form), write(value));
          assert.throws(() => decodeCbor(concat(head, body(value))), fails('encoding'), `${major} ${form} ${value}`);
        }
      }
      if (least <= 65_536) assert.equal(decodeCbor(concat(u8(form), write(least))), least);
    }
  });

  test('an array longer than what follows it is refused at its head, however much came before', () => {
    const before = encodeCbor(new Uint8Array(200));
    const claims = concat(fromHex('82'), before, fromHex('8a'), new Uint8Array(9));
    assert.throws(() => decodeCbor(claims), fails('array size'));
    assert.equal((decodeCbor(concat(claims, new Uint8Array(1))) as CborValue[]).length, 2);
  });

  test('every refusal names its check', () => {
    for (const hex of ['a0', '20', 'f6', 'c000', '81f5']) assert.throws(() => decodeCbor(fromHex(hex)), fails('kind'));
    for (const hex of ['62c328', '8161ff', '63eda080']) assert.throws(() => decodeCbor(fromHex(hex)), fails('text'));
    for (const hex of ['', '0000', '1b0020000000000000', '62c3', '18', '1901', '9f00ff', '5f', '1c', '7fff']) {
      assert.throws(() => decodeCbor(fromHex(hex)), fails('encoding'), hex);
    }
  });

  test('depth: 5 arrays inside one another, not 6, both ways', () => {
    assert.deepEqual(decodeCbor(encodeCbor(nested(MAX_CBOR_DEPTH))), nested(MAX_CBOR_DEPTH));
    assert.throws(() => encodeCbor(nested(MAX_CBOR_DEPTH + 1)), fails('depth'));
    assert.throws(
      () => decodeCbor(concat(new Uint8Array(MAX_CBOR_DEPTH).fill(0x81), u16(0x8080).subarray(1))),
      fails('depth'),
    );
    assert.throws(() => decodeCbor(new Uint8Array(100_000).fill(0x81)), fails('depth'));
    // Depth counts what is open, not how many arrays there are.
    const wide = Array.from({ length: 50 }, () => nested(MAX_CBOR_DEPTH - 1));
    assert.deepEqual(decodeCbor(encodeCbor(wide)), wide);
    const circle: CborValue[] = [];
    circle.push(circle);
    assert.throws(() => encodeCbor(circle), fails('depth'));
  });

  test('arrays: 1,024 items, not 1,025, both ways', () => {
    const full = new Array<number>(MAX_CBOR_ARRAY).fill(0);
    assert.deepEqual(decodeCbor(encodeCbor(full)), full);
    assert.throws(() => encodeCbor([...full, 0]), fails('array size'));
    assert.throws(() => decodeCbor(concat(fromHex('990401'), new Uint8Array(1025))), fails('array size'));
  });

  test('what the subset cannot express is not encoded', () => {
    for (const value of [-1, -0, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => encodeCbor(value), fails('uint'), String(value));
    }
    assert.throws(() => encodeCbor(['\ud800']), fails('text'));
    for (const value of [null, undefined, true, 1n, {}, new Map(), new ArrayBuffer(1), new Uint16Array(1)]) {
      assert.throws(() => encodeCbor([value as CborValue]), fails('kind'));
    }
  });

  test('byte strings are copies, whatever kind of array they came in', () => {
    const input = Buffer.from(encodeCbor([utf8('abc')]));
    const [value] = decodeCborAs(tuple([bytes()]), input);
    input.fill(0);
    assert.ok(equalBytes(value, utf8('abc')));
    assert.equal(value.constructor, Uint8Array);
    assert.equal(value.buffer.byteLength, 3);
  });

  test('large values are compared whole: any changed byte makes another value or is refused', () => {
    const input = encodeCbor([new Uint8Array(200), 'x'.repeat(100)]);
    const before = decodeCbor(input);
    for (let i = 0; i < input.length; i++) {
      const changed = input.slice();
      changed[i] = (changed[i] ?? 0) ^ 0x80;
      const after = tryDecode(changed);
      if (after !== undefined) assert.notDeepEqual(after, before, `byte ${i}`);
    }
  });

  test('schemas: every piece at its edges', () => {
    const accepts = (schema: Parameters<typeof decodeCborAs>[0], value: CborValue): void => {
      assert.deepEqual(decodeCborAs(schema, encodeCbor(value)), value);
    };
    const refuses = (schema: Parameters<typeof decodeCborAs>[0], ...wrong: CborValue[]): void => {
      for (const value of wrong) assert.throws(() => decodeCborAs(schema, encodeCbor(value)), fails('schema'));
    };
    accepts(uint(), 2 ** 53 - 1);
    accepts(uint(7), 7);
    refuses(uint(7), 8, 'x', [], new Uint8Array(1));
    accepts(bytes(), new Uint8Array(0));
    accepts(bytes(2), new Uint8Array(2));
    refuses(bytes(2), new Uint8Array(1), new Uint8Array(3), 'ab', 2, [1, 2]);
    accepts(bytesBetween(1, 3), new Uint8Array(1));
    accepts(bytesBetween(1, 3), new Uint8Array(3));
    refuses(bytesBetween(1, 3), new Uint8Array(0), new Uint8Array(4), 'ab', [1]);
    accepts(text(), '');
    accepts(text(/^a+$/), 'aa');
    refuses(text(/^a+$/), 'ab', '', 1, new Uint8Array([97]));
    accepts(exactly(1), 1);
    accepts(exactly('waxwing/1'), 'waxwing/1');
    refuses(exactly(1), 2, '1');
    accepts(anyValue(), [1, ['a', new Uint8Array(1)]]);
    accepts(tuple([uint(), text()]), [1, 'a']);
    refuses(tuple([uint(), text()]), [1], [1, 'a', 0], ['a', 1], 1);
    accepts(list(uint(), 1, 2), [1]);
    accepts(list(uint(), 1, 2), [1, 2]);
    refuses(list(uint(), 1, 2), [], [1, 2, 3], ['a'], 'a');
  });

  test('a wrong shape is told by where it is, never by what was there', () => {
    assert.throws(
      () => decodeCborAs(tuple([uint(), tuple([text()])]), encodeCbor([1, [utf8('secret')]])),
      (error: unknown) => error instanceof ProtocolError && error.message.endsWith('at 1.0'),
    );
    assert.throws(
      () => decodeCborAs(uint(), encodeCbor('secret')),
      (error: unknown) => error instanceof ProtocolError && !/secret| at /.test(error.message),
    );
  });
});
