import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase64,
  fromBase64Unpadded,
  fromHex,
  isText,
  textOf,
  toBase64,
  toBase64Unpadded,
  toHex,
  u16,
  u32,
  u64,
  u8,
  utf8,
} from '../src/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const buffer = (value: Uint8Array): Buffer => Buffer.from(value);

describe('bytes', () => {
  test('concat joins in order', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
        assert.deepEqual(buffer(concat(...parts)), Buffer.concat(parts));
      }),
    );
  });

  test('equalBytes and compareBytes agree with memcmp', () => {
    const similar = fc.tuple(bytes, fc.nat(40), fc.nat(255)).map(([a, at, value]) => {
      const b = new Uint8Array(a);
      if (at < b.length) b[at] = value;
      return [a, b] as const;
    });
    fc.assert(
      fc.property(fc.oneof(similar, fc.tuple(bytes, bytes)), ([a, b]) => {
        assert.equal(equalBytes(a, b), buffer(a).equals(b));
        assert.equal(Math.sign(compareBytes(a, b)), buffer(a).compare(b));
      }),
    );
    assert.equal(compareBytes(utf8('ab'), utf8('abc')), -1);
    assert.equal(equalBytes(utf8('ab'), utf8('abc')), false);
    assert.equal(equalBytes(utf8(''), utf8('')), true);
  });

  test('two differences that cancel each other out are still a difference', () => {
    assert.equal(equalBytes(new Uint8Array([1, 1]), new Uint8Array([0, 0])), false);
  });

  test('integers are big-endian', () => {
    assert.equal(toHex(u8(0xab)), 'ab');
    assert.equal(toHex(u16(0x0102)), '0102');
    assert.equal(toHex(u32(0x01020304)), '01020304');
    assert.equal(toHex(u64(2 ** 53 - 1)), '001fffffffffffff');
  });

  test('hex, base64 and text come back, and agree with the platform', () => {
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'grapheme' }), (value, text) => {
        assert.equal(toHex(value), buffer(value).toString('hex'));
        assert.equal(toBase64(value), buffer(value).toString('base64'));
        assert.equal(toBase64Unpadded(value), buffer(value).toString('base64').replace(/=+$/, ''));
        assert.deepEqual(fromHex(toHex(value)), value);
        assert.deepEqual(fromBase64(toBase64(value)), value);
        assert.deepEqual(fromBase64Unpadded(toBase64Unpadded(value)), value);
        assert.equal(textOf(utf8(text)), text);
      }),
    );
  });

  test('base64 with stray bits, the wrong padding, blanks or another alphabet is refused', () => {
    for (const text of ['QQ', 'QQ=', 'QR==', 'QQ== ', 'QQ===', '-_-_', 'Q', '====']) {
      assert.equal(fromBase64(text), undefined, text);
    }
    for (const text of ['QQ==', 'QR', 'Q', '-_-_', 'QQ\n']) assert.equal(fromBase64Unpadded(text), undefined, text);
    assert.deepEqual(fromBase64('QQ=='), utf8('A'));
    assert.deepEqual(fromBase64Unpadded('QQ'), utf8('A'));
  });

  test('text that is not UTF-8 is refused, and a leading BOM is kept (§1.1)', () => {
    for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'e282', '80'])
      assert.equal(textOf(fromHex(hex)), undefined, hex);
    assert.equal(textOf(fromHex('efbbbf41')), '\ufeffA');
    for (const size of [0, 1, 62, 63, 64, 65, 200, 511, 512, 513]) {
      const ascii = 'a'.repeat(size);
      for (const text of [ascii, `${ascii}\u007f`, `${ascii}é`, `é${ascii}`, `\u0080${ascii}`]) {
        assert.equal(textOf(utf8(text)), text);
        assert.equal(isText(utf8(text)), true);
        for (const wrong of [concat(utf8(text), u8(0x80)), concat(u8(0xff), utf8(text))]) {
          assert.equal(textOf(wrong), undefined);
          assert.equal(isText(wrong), false);
        }
      }
    }
  });

  test('hex of another shape throws', () => {
    for (const text of ['0', 'zz', '0x00']) assert.throws(() => fromHex(text));
    assert.deepEqual(fromHex('AbCd'), new Uint8Array([0xab, 0xcd]));
  });
});
