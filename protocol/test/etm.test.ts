import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { type Primitives, SecretKey } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { openEtm, sealEtm } from '../src/symmetric/etm.ts';
import { type EtmFile, runEtm } from './vectors/etm.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('etm') as EtmFile;
const key = new SecretKey(Uint8Array.from({ length: 64 }, (_, i) => i));
const aad = utf8('associated');

const fails =
  (check: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, 'etm') && error.check === check;

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  const byte = copy[bit >> 3];
  assert.ok(byte !== undefined);
  copy[bit >> 3] = byte ^ (1 << (bit & 7));
  return copy;
}

suite('etm (§3)', () => {
  for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
    test(`etm.json on ${name}`, async () => {
      assert.equal(file.count, 23);
      assert.deepEqual(await runEtm(file, primitives), { ran: 23, good: 6 });
    });
  }

  test('what one seals opens, whatever its size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 100 }), (plain, extra) => {
        const box = sealEtm(p, { key, aad: extra, plain });
        assert.equal(box.length, 16 + (Math.floor(plain.length / 16) + 1) * 16 + 32);
        assert.deepEqual(openEtm(webPrimitives, { key, aad: extra, box }), Uint8Array.from(plain));
      }),
      { numRuns: 50 },
    );
  });

  test('the same plaintext never gives the same box', () => {
    const plain = utf8('again');
    assert.notDeepEqual(sealEtm(p, { key, aad, plain }), sealEtm(p, { key, aad, plain }));
  });

  test('any flipped bit of the box is refused by the MAC', () => {
    const box = sealEtm(p, { key, aad, plain: utf8('a plaintext of more than one block') });
    for (let bit = 0; bit < box.length * 8; bit++) {
      assert.throws(() => openEtm(p, { key, aad, box: flipped(box, bit) }), fails('mac'), `bit ${bit}`);
    }
  });

  test('any flipped bit of the aad is refused by the MAC', () => {
    const box = sealEtm(p, { key, aad, plain: utf8('text') });
    for (let bit = 0; bit < aad.length * 8; bit++) {
      assert.throws(() => openEtm(p, { key, aad: flipped(aad, bit), box }), fails('mac'), `bit ${bit}`);
    }
  });

  test('any other length is refused', () => {
    const box = sealEtm(p, { key, aad, plain: utf8('text') });
    for (let size = 0; size < box.length; size++) {
      assert.throws(() => openEtm(p, { key, aad, box: box.slice(0, size) }), fails('size'), String(size));
    }
    assert.throws(() => openEtm(p, { key, aad, box: new Uint8Array([...box, 0]) }), fails('size'));
  });

  test('nothing is decrypted before the MAC holds', () => {
    let decrypted = 0;
    const counting: Primitives = {
      ...p,
      decryptCbc: (...input) => {
        decrypted += 1;
        return p.decryptCbc(...input);
      },
    };
    const box = sealEtm(p, { key, aad, plain: utf8('text') });
    assert.throws(() => openEtm(counting, { key, aad, box: flipped(box, 0) }), fails('mac'));
    assert.equal(decrypted, 0);
    openEtm(counting, { key, aad, box });
    assert.equal(decrypted, 1);
  });

  test('a padding that does not hold under a good MAC says so, and keeps its cause', () => {
    const unpadded: Primitives = {
      ...p,
      randomBytes: (size) => new Uint8Array(size),
      encryptCbc: () => new Uint8Array(16), // decrypts to a block that is no padding
    };
    const box = sealEtm(unpadded, { key, aad, plain: utf8('text') });
    for (const primitives of [p, webPrimitives]) {
      assert.throws(
        () => openEtm(primitives, { key, aad, box }),
        (error) => fails('padding')(error) && isProtocolError((error as Error).cause, 'primitive'),
      );
    }
  });

  test('a key that is not 64 bytes is refused both ways', () => {
    const short = new SecretKey(new Uint8Array(32));
    assert.throws(() => sealEtm(p, { key: short, aad, plain: aad }), fails('key'));
    assert.throws(() => openEtm(p, { key: short, aad, box: new Uint8Array(64) }), fails('key'));
  });

  test('a failure that is not the padding passes unchanged', () => {
    const broken: Primitives = {
      ...p,
      decryptCbc: () => {
        throw new TypeError('not a refusal');
      },
    };
    const box = sealEtm(p, { key, aad, plain: aad });
    assert.throws(() => openEtm(broken, { key, aad, box }), TypeError);
  });
});
