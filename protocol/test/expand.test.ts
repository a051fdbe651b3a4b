import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { SecretKey } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { expand, expandPublic, extract, hkdfExpand } from '../src/symmetric/expand.ts';
import { type ExpandFile, runExpand } from './vectors/expand.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('expand') as ExpandFile;
const prk = new SecretKey(new Uint8Array(32).fill(7));

const limit =
  (check: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, 'limit') && error.check === check;

suite('expand (§1)', () => {
  for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
    test(`expand.json on ${name}`, async () => {
      assert.equal(file.count, 12);
      assert.deepEqual(await runExpand(file, primitives), { ran: 12, good: 12 });
    });
  }

  test('an absent context is an empty one, an absent size is 32', () => {
    const spelled = expandPublic(p, prk, 'root', { context: new Uint8Array(0), size: 32 });
    assert.deepEqual(expandPublic(p, prk, 'root'), spelled);
    assert.deepEqual(expand(p, prk, 'root').exposeSecretBytes(), spelled);
  });

  test('label, context and size each change every output', () => {
    const seen = new Set<string>();
    for (const [label, context, size] of [
      ['root', '', 32],
      ['root', 'a', 32],
      ['roota', '', 32],
      ['root', '', 33],
      ['sid', '', 32],
    ] as const) {
      seen.add(
        Buffer.from(expandPublic(p, prk, label, { context: utf8(context), size }).subarray(0, 16)).toString('hex'),
      );
    }
    assert.equal(seen.size, 5);
  });

  test('what does not fit its one length byte is refused, the edge is not', () => {
    const edge = 'x'.repeat(255 - 'waxwing/1 '.length);
    assert.equal(expandPublic(p, prk, edge, { context: new Uint8Array(255) }).length, 32);
    assert.throws(() => expand(p, prk, `${edge}x`), limit('expand field'));
    assert.throws(() => expand(p, prk, 'root', { context: new Uint8Array(256) }), limit('expand field'));
  });

  test('sizes from 1 to 255 blocks, nothing else', () => {
    assert.equal(expandPublic(p, prk, 'root', { size: 1 }).length, 1);
    assert.equal(expandPublic(p, prk, 'root', { size: 8160 }).length, 8160);
    for (const size of [0, -1, 8161, 1.5, Number.NaN]) {
      assert.throws(() => expand(p, prk, 'root', { size }), limit('expand size'), String(size));
    }
  });

  test('HKDF-Expand gives prefixes of one stream', () => {
    const info = utf8('info');
    const long = hkdfExpand(p, prk, { info, size: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (size) => {
        assert.deepEqual(hkdfExpand(p, prk, { info, size }), long.slice(0, size));
      }),
      { numRuns: 50 },
    );
  });

  test('extract takes secrets and plain bytes alike', () => {
    const ikm = utf8('ikm');
    const both = extract(p, new SecretKey(ikm), new SecretKey(ikm)).exposeSecretBytes();
    assert.deepEqual(extract(p, ikm, ikm).exposeSecretBytes(), both);
  });
});
