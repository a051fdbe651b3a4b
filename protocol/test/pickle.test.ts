/** The reader and the writer of the one pickle shape (§13). */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, concat, fromHex, toHex, u32, u8, utf8 } from '../src/bytes.ts';
import { decodePackage } from '../src/classic/index.ts';
import { opcodeName } from '../src/classic/opcodes.ts';
import { pickle } from '../src/classic/pickler.ts';
import { Unpickler, unpickle } from '../src/classic/unpickler.ts';
import { isProtocolError, type ProtocolErrorCode } from '../src/errors.ts';
import { CLASSIC_MAX_PACKAGE } from '../src/limits.ts';
import type { ClassicFile } from './vectors/classic.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('classic') as ClassicFile;
const FORMAT = 'classic-format';

function vector(name: string): Bytes {
  const found = file.vectors.find((entry) => entry.name === name);
  assert.ok(found !== undefined, name);
  return fromHex(found.bytes);
}

function fails(code: ProtocolErrorCode, check?: string): (error: unknown) => boolean {
  return (error) => isProtocolError(error, code) && (check === undefined || error.check === check);
}

/** Bytes cut at the given places. */
function cut(bytes: Bytes, places: readonly number[]): Bytes[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge));
}

suite('unpickler', () => {
  test('refuses by name what the one shape does not use', () => {
    const names: Record<string, RegExp> = {
      'hostile: GLOBAL of a harmless name': /GLOBAL/,
      'hostile: STACK_GLOBAL of a harmless name': /SHORT_BINUNICODE/,
      'hostile: BUILD': /EMPTY_DICT/,
      'hostile: PERSID': /PERSID/,
      'hostile: unknown opcode': /0xff/,
      'hostile: DUP': /DUP/,
      'shape: value None': /NONE/,
      'shape: value float': /BINFLOAT/,
    };
    for (const [name, words] of Object.entries(names)) {
      assert.throws(() => unpickle(vector(name)), { code: 'classic-format', message: words }, name);
    }
  });

  test('every opcode of pickle has one name, every other byte its number', () => {
    const names = Array.from({ length: 256 }, (_, opcode) => opcodeName(opcode));
    const known = names.filter((name) => /^[A-Z][A-Z0-9_]+$/.test(name));
    assert.equal(new Set(known).size, 68); // as many as Python 3.8 and later have
    assert.equal(known.length, 68);
    for (const [opcode, name] of names.entries()) {
      if (!known.includes(name)) assert.equal(name, `byte 0x${toHex(u8(opcode))}`);
    }
  });

  test('reads protocols 2 to 5 in any cut, and whatever follows stays for the next', () => {
    const four = ['protocol 2', 'protocol 3', 'protocol 4', 'protocol 5'].map(vector);
    const whole = concat(...four);
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 40 }), (places) => {
        const unpickler = new Unpickler();
        const found = [];
        for (const chunk of cut(whole, places)) {
          unpickler.push(chunk);
          for (let dict = unpickler.next(); dict !== undefined; dict = unpickler.next()) found.push(dict);
        }
        assert.equal(unpickler.pending, false);
        assert.deepEqual(found, four.map(unpickle));
      }),
      { numRuns: 30 },
    );
  });

  test('reads one byte at a time', () => {
    const unpickler = new Unpickler();
    const bytes = vector('protocol 2');
    for (const [i, byte] of bytes.entries()) {
      unpickler.push(Uint8Array.of(byte));
      assert.equal(unpickler.next() !== undefined, i === bytes.length - 1);
    }
  });

  test('no cut pickle is a pickle', () => {
    for (const name of ['protocol 2', 'protocol 3', 'protocol 4']) {
      const bytes = vector(name);
      for (let size = 0; size < bytes.length; size++) {
        const unpickler = new Unpickler();
        unpickler.push(bytes.subarray(0, size));
        assert.equal(unpickler.next(), undefined); // which `unpickle` refuses as ended early
      }
    }
  });

  test('whatever the bytes, nothing but its typed error leaves it', () => {
    const good = ['protocol 2', 'protocol 3', 'protocol 4', 'keys in another order'].map(vector);
    const altered = fc
      .tuple(fc.constantFrom(...good), fc.nat(), fc.uint8Array({ maxLength: 8 }))
      .map(([bytes, at, patch]) =>
        concat(bytes.subarray(0, at % bytes.length), patch, bytes.subarray(at % bytes.length)),
      );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), altered), (bytes) => {
        try {
          decodePackage(bytes);
        } catch (error) {
          if (!fails('classic-format')(error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any one flipped bit is refused or gives another package', () => {
    const bytes = vector('protocol 4');
    const original = decodePackage(bytes);
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      // Protocols 4 and 5 write this dict with the same opcodes: the one bit between them changes no value.
      if (flipped[1] === 5) continue;
      try {
        assert.notDeepEqual(decodePackage(flipped), original);
      } catch (error) {
        if (!fails('classic-format')(error)) throw error;
      }
    }
  });

  test("protocol 2's phrase for bytes is those words and no others", () => {
    const text = (value: string): Bytes => concat(utf8('X'), Uint8Array.of(utf8(value).length, 0, 0, 0), utf8(value));
    const dict = (phrase: Bytes): Bytes => concat(Uint8Array.of(0x80, 2), utf8('}('), text('k'), phrase, utf8('u.'));
    const encode = utf8('c_codecs\nencode\nq\u0001');
    const call = Uint8Array.of(0x86, 0x52);
    const latin1 = concat(text('latin1'), utf8('q\u0002'));
    const good = dict(concat(encode, text('é'), latin1, call));
    assert.deepEqual(unpickle(good).get('k'), Uint8Array.of(0xe9));
    const twice = concat(utf8('}('), text('a'), encode, text('x'), latin1, call, text('b'));
    const again = (get: string): Bytes => concat(Uint8Array.of(0x80, 2), twice, utf8(get), call, utf8('u.'));
    assert.equal(unpickle(again('h\u0001X\u0001\0\0\0yh\u0002')).size, 2);
    const bad: Record<string, Bytes> = {
      'a byte string that is no text': dict(concat(encode, fromHex('5801000000ff'), latin1, call)),
      'another function': dict(concat(utf8('c_codecs\ndecode\n'), text('x'), latin1, call)),
      'another encoding': dict(concat(encode, text('x'), text('utf-8'), call)),
      'a character beyond a byte': dict(concat(encode, text('xĀ'), latin1, call)),
      'another tuple': dict(concat(encode, text('x'), latin1, Uint8Array.of(0x87, 0x52))),
      'no call': dict(concat(encode, text('x'), latin1, Uint8Array.of(0x86, 0x81))),
      'a memo that is not the function': again('h\u0002X\u0001\0\0\0yh\u0002'),
      'a memo that is not latin1': again('h\u0001X\u0001\0\0\0yh\u0001'),
    };
    for (const [name, bytes] of Object.entries(bad))
      assert.throws(() => unpickle(bytes), fails(FORMAT, / byte$| no text$/.test(name) ? 'text' : 'opcode'), name);
  });

  test('a frame holds the whole pickle and nothing else', () => {
    const framed = pickle([['k', new Uint8Array(300)]]);
    const claim = (length: number): Bytes => {
      const changed = framed.slice();
      new DataView(changed.buffer).setUint32(3, length, true);
      return changed;
    };
    const size = framed.length - 11;
    assert.equal(unpickle(claim(size)).size, 1);
    for (const wrong of [0, 1, 100, size - 1]) assert.throws(() => unpickle(claim(wrong)), fails(FORMAT, 'frame'));
    assert.throws(() => unpickle(concat(claim(size + 1), u8(0x2e))), fails(FORMAT, 'frame'));
  });

  test('what is longer than a package is refused at the length that says so', () => {
    const next = (...parts: Uint8Array[]): unknown => {
      const unpickler = new Unpickler();
      unpickler.push(concat(...parts));
      return unpickler.next();
    };
    const little = (value: number): Bytes => u32(value).reverse();
    const frame = (low: number, high = 0): unknown => next(fromHex('800495'), little(low), little(high));
    assert.equal(frame(CLASSIC_MAX_PACKAGE - 11), undefined);
    assert.throws(() => frame(CLASSIC_MAX_PACKAGE - 10), fails(FORMAT, 'size'));
    assert.throws(() => frame(11, 1), fails(FORMAT, 'size'));
    const head = fromHex('80037d288c016b42'); // protocol 3: no frame; a dict, a key, and a byte string of
    const bytes = (size: number): unknown => next(head, little(size));
    assert.equal(bytes(CLASSIC_MAX_PACKAGE - head.length - 4), undefined);
    assert.throws(() => bytes(CLASSIC_MAX_PACKAGE - head.length - 3), fails(FORMAT, 'size'));
  });

  test('every refusal names its check', () => {
    const refused: [hex: string, check: string][] = [
      ['', 'size'],
      ['80037d', 'size'],
      ['80037d28752e00', 'size'],
      ['80017d28752e', 'protocol'],
      ['80067d28752e', 'protocol'],
      ['81037d28752e', 'opcode'],
      ['80035d28752e', 'opcode'],
      ['80037d75752e', 'opcode'],
      ['80037d28752f', 'opcode'],
      ['80037d28430161430162752e', 'opcode'], // a byte string in place of a key
      ['80037d288c01ff430162752e', 'text'],
      ['80037d288c01614301628c0161430162752e', 'shape'], // one key twice
    ];
    for (const [hex, check] of refused) assert.throws(() => unpickle(fromHex(hex)), fails(FORMAT, check), hex);
    for (const version of ['02', '05']) assert.equal(unpickle(fromHex(`80${version}7d28752e`)).size, 0);
  });

  test('seven entries are one too many to read', () => {
    const entries = 'abcdefg'.split('').map((key) => [key, new Uint8Array(1)] as const);
    assert.equal(unpickle(pickle(entries.slice(0, 6))).size, 6);
    assert.throws(() => unpickle(pickle(entries)), fails('classic-format', 'shape'));
  });

  test('a length that cannot fit is refused before its bytes arrive', () => {
    for (const name of ['BINBYTES claims 2^32-1', 'FRAME claims 2^63', 'BINBYTES8 claims 2^63-1']) {
      const unpickler = new Unpickler();
      unpickler.push(vector(`hostile: ${name}`));
      assert.throws(() => unpickler.next(), fails('classic-format'), name);
    }
  });
});

suite('pickler', () => {
  test('round trip at the edges of every length form', () => {
    const sizes = [0, 1, 255, 256, 257, 4096];
    const dict = new Map(sizes.map((size) => [`k${size}`, new Uint8Array(size).fill(size)] as const));
    assert.deepEqual([...unpickle(pickle(dict))], [...dict]);
  });

  test('the short form is taken as far as it goes, as Python does', () => {
    const size = (value: number): number => pickle([['k', new Uint8Array(value)]]).length - value;
    assert.equal(size(255), size(0));
    assert.equal(size(256), size(0) + 3);
  });

  test('16,384 bytes are written, one more is not', () => {
    const size = (value: number): number => pickle([['k', new Uint8Array(value)]]).length;
    const room = CLASSIC_MAX_PACKAGE - (size(1000) - 1000);
    assert.equal(size(room), CLASSIC_MAX_PACKAGE);
    assert.throws(() => size(room + 1), fails('limit', 'classic-package'));
    assert.equal(unpickle(pickle([['k'.repeat(255), new Uint8Array(1)]])).size, 1);
    assert.throws(() => pickle([['k'.repeat(256), new Uint8Array(1)]]), fails('limit', 'classic-key'));
    const full = pickle([['k', new Uint8Array(room)]]);
    assert.equal(unpickle(full).size, 1);
    assert.throws(() => unpickle(concat(full, Uint8Array.of(0x2e))), fails('classic-format', 'size'));
  });
});
