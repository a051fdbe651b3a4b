import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concat, textOf, utf8 } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { signStatement } from '../src/keys/profile.ts';
import { DAY, MAX_STATEMENT } from '../src/limits.ts';
import { auditPath, leafHash, pathHolds, treeRoot } from '../src/prekeys/merkle-tree.ts';
import { decodePrekeyEntry, encodePrekeyEntry, entryLeaves } from '../src/prekeys/prekey-entry.ts';
import {
  decodePrekeyStatement,
  encodePrekeyStatement,
  openPrekeyStatement,
  type PrekeyStatement,
} from '../src/prekeys/prekey-statement.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { alice, aliceSecond, bob, NOW } from './fixtures/devices.ts';
import { loadVectors } from './vectors/load.ts';
import { type PrekeysFile, runPrekeys } from './vectors/prekeys.ts';

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`prekeys.json: every entry ends as it says, by the check it names (§9.1), on ${name}`, async () => {
    const file = loadVectors('prekeys') as PrekeysFile;
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runPrekeys(file, primitives), { ran: file.count, good: file.good });
  });
}

const keys = Array.from({ length: 100 }, (_, i) => ({
  opk: new Uint8Array(32).fill(i + 1),
  ek: new Uint8Array(1184).fill(i + 1),
}));
const leaves = entryLeaves(p, keys);
const statement: PrekeyStatement = {
  account: alice.bundle.account,
  device: alice.bundle.device,
  counter: 1,
  signedPrekey: new Uint8Array(32).fill(9),
  lastResort: new Uint8Array(1184).fill(8),
  root: treeRoot(p, leaves),
  made: NOW,
  notAfter: NOW + 7 * DAY,
};
const refused = (check: string) => (error: unknown) => isProtocolError(error, 'prekeys') && error.check === check;

describe('the tree over a statement’s entries (RFC 6962)', () => {
  // RFC 6962 §2.1.3's tree of seven leaves, written out.
  const [d0, d1, d2, d3, d4, d5, d6] = Array.from({ length: 7 }, (_, i) => leafHash(p, new Uint8Array([i]))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const node = (left: Uint8Array, right: Uint8Array): Uint8Array => p.sha256(concat(new Uint8Array([1]), left, right));
  const [g, h, i] = [node(d0, d1), node(d2, d3), node(d4, d5)];
  const [k, l] = [node(g, h), node(i, d6)];

  test('is the one of the RFC', () => {
    const seven = [d0, d1, d2, d3, d4, d5, d6];
    assert.deepEqual(treeRoot(p, seven), node(k, l));
    assert.deepEqual(auditPath(p, seven, 0), [d1, h, l]);
    assert.deepEqual(auditPath(p, seven, 3), [d2, g, l]);
    assert.deepEqual(auditPath(p, seven, 4), [d5, d6, k]);
    assert.deepEqual(auditPath(p, seven, 6), [i, k]);
    assert.deepEqual(leafHash(p, new Uint8Array(0)), p.sha256(new Uint8Array([0])));
  });

  test('every path holds for its own leaf and place, and for no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(99), fc.nat(99), (count, a, b) => {
        const tree = leaves.slice(0, count);
        const [index, other] = [a % count, b % count];
        const leaf = tree[index] as Uint8Array;
        const path = auditPath(p, tree, index);
        const root = treeRoot(p, tree);
        assert.ok(pathHolds(p, { leaf, index, count, path, root }));
        if (other !== index) assert.ok(!pathHolds(p, { leaf, index: other, count, path, root }));
        assert.ok(!pathHolds(p, { leaf, index, count, path: [...path, root], root }));
        assert.ok(!pathHolds(p, { leaf, index: count, count, path, root }));
        if (path.length > 0) assert.ok(!pathHolds(p, { leaf, index, count, path: path.slice(1), root }));
      }),
      { numRuns: 60 },
    );
  });

  test('a hundred entries have paths of at most seven', () => {
    assert.equal(Math.max(...[0, 31, 63, 64, 95, 96, 99].map((index) => auditPath(p, leaves, index).length)), 7);
    for (const index of [-1, 0.5, 100]) {
      assert.throws(() => auditPath(p, leaves, index), RangeError);
      const [leaf = new Uint8Array(32)] = leaves;
      assert.ok(!pathHolds(p, { leaf, index, count: 100, path: auditPath(p, leaves, 0), root: treeRoot(p, leaves) }));
    }
    assert.throws(() => treeRoot(p, []), RangeError);
  });
});

describe('entries', () => {
  test('go both ways', () => {
    const entry = { index: 99, ...(keys[99] as (typeof keys)[number]) };
    assert.deepEqual(decodePrekeyEntry(encodePrekeyEntry(entry)), entry);
  });

  test('with another index, size or encoding are refused', () => {
    const [first] = keys as [(typeof keys)[number]];
    const good = encodePrekeyEntry({ index: 0, ...first });
    const wrong = [
      encodePrekeyEntry({ index: 100, ...first }),
      encodePrekeyEntry({ index: 0, opk: first.opk.slice(1), ek: first.ek }),
      encodePrekeyEntry({ index: 0, opk: first.opk, ek: first.ek.slice(1) }),
      concat(good, new Uint8Array(1)),
      good.slice(0, -1),
      concat(new Uint8Array([0x83, 0x18, 0x00]), good.slice(2)), // 0 in two bytes
      new Uint8Array(0),
    ];
    for (const bytes of wrong) assert.throws(() => decodePrekeyEntry(bytes), refused('entry'));
  });
});

describe('the statement', () => {
  const bytes = encodePrekeyStatement(statement);
  const text = textOf(bytes) ?? '';

  test('goes both ways, and fits', () => {
    assert.deepEqual(decodePrekeyStatement(bytes), statement);
    assert.ok(bytes.length < MAX_STATEMENT);
    assert.match(text, /^waxwing\/1 prekeys\naccount: /);
    const largest = { ...statement, counter: 2 ** 53 - 1, made: 2 ** 53 - 2, notAfter: 2 ** 53 - 1 };
    assert.deepEqual(decodePrekeyStatement(encodePrekeyStatement(largest)), largest);
    const shortest = { ...statement, notAfter: statement.made };
    assert.deepEqual(decodePrekeyStatement(encodePrekeyStatement(shortest)), shortest);
  });

  test('of any other grammar is refused', () => {
    const changes: readonly (readonly [RegExp | string, string])[] = [
      ['counter: 1', 'counter: 0'],
      ['counter: 1', 'counter: 01'],
      ['entries: 100', 'entries: 99'],
      ['entries: 100', 'entries: 101'],
      [`not-after: ${statement.notAfter}`, `not-after: ${statement.notAfter + 1}`],
      [`not-after: ${statement.notAfter}`, `not-after: ${statement.made - 1}`],
      ['signed-prekey: ', 'signed-prekey: A'],
      ['prekeys\n', 'prekey\n'],
      [/root: [0-9a-f]/, 'root: G'],
      [/root: [^\n]+\n/, ''],
      [/\n$/, ''],
    ];
    for (const [from, to] of changes) {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text, String(from));
      assert.throws(() => decodePrekeyStatement(utf8(changed)), refused('grammar'), `${String(from)} → ${to}`);
    }
  });

  test('is opened for its own device and key alone', async () => {
    const signature = await signStatement(p, alice.signKey, bytes);
    assert.deepEqual(await openPrekeyStatement(p, alice.bundle, { statement: bytes, signature }), statement);
    for (const stranger of [bob, aliceSecond]) {
      await assert.rejects(openPrekeyStatement(p, stranger.bundle, { statement: bytes, signature }), refused('device'));
    }
    const forged = await signStatement(p, bob.signKey, bytes);
    const other = utf8(text.replace('counter: 1', 'counter: 2'));
    for (const signed of [
      { statement: bytes, signature: forged },
      { statement: bytes, signature: signature.slice(1) },
      { statement: other, signature },
    ]) {
      await assert.rejects(openPrekeyStatement(p, alice.bundle, signed), refused('signature'));
    }
  });
});
