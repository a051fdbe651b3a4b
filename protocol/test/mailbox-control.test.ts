import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { CborValue } from '../src/codec/cbor.ts';
import {
  decodeMailboxControl,
  encodeMailboxControl,
  isDelivered,
  type MailboxControl,
} from '../src/conversation/mailbox-control.ts';
import type { VoidRange } from '../src/envelope/freshness.ts';
import type { ControlEntry } from '../src/envelope/payload.ts';
import { advanceChain, gotOf, newReceivedChain } from '../src/envelope/received-chain.ts';
import { MAX_GOT_RANGES, MAX_SAFE_UINT } from '../src/limits.ts';
import { fails, textItem } from './fixtures/conversations.ts';
import { NOW } from './fixtures/devices.ts';
import { sides } from './fixtures/mailboxes.ts';

const proof = new Uint8Array(16).fill(3);
const everyOther = (count: number): VoidRange[] => Array.from({ length: count }, (_, n) => [2 * n + 1, 2 * n + 1]);

const GOOD: readonly (readonly [says: MailboxControl, entry: ControlEntry])[] = [
  [{ got: { last: 0, ranges: [] } }, ['got', 0, []]],
  [{ got: { last: MAX_SAFE_UINT, ranges: [] } }, ['got', MAX_SAFE_UINT, []]],
  [
    {
      got: {
        last: 9,
        ranges: [
          [1, 2],
          [4, 8],
        ],
      },
    },
    [
      'got',
      9,
      [
        [1, 2],
        [4, 8],
      ],
    ],
  ],
  [{ got: { last: 200, ranges: everyOther(MAX_GOT_RANGES) } }, ['got', 200, everyOther(MAX_GOT_RANGES)]],
  [{ read: 0 }, ['read', 0]],
  [{ read: 7 }, ['read', 7]],
  [{ again: [[3, 3]] }, ['again', [[3, 3]]]],
  [{ link: proof }, ['link', proof]],
];

const BAD: Readonly<Record<string, readonly CborValue[]>> = {
  'a got without its ranges': ['got', 3],
  'a got with more fields': ['got', 3, [], 1],
  'a got whose last is no number': ['got', proof, []],
  'a got whose ranges are none': ['got', 3, 1],
  'a range of one number': ['got', 9, [[1]]],
  'a range of three': ['got', 9, [[1, 2, 3]]],
  'a range that ends before it begins': ['got', 9, [[3, 2]]],
  'a range from 0': ['got', 9, [[0, 2]]],
  'ranges that touch': [
    'got',
    9,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  'ranges that overlap': [
    'got',
    9,
    [
      [1, 4],
      [3, 6],
    ],
  ],
  'ranges out of order': [
    'got',
    9,
    [
      [5, 6],
      [1, 2],
    ],
  ],
  'a range that holds the last': ['got', 9, [[8, 9]]],
  'a range beyond the last': ['got', 9, [[11, 12]]],
  '65 ranges': ['got', 200, everyOther(MAX_GOT_RANGES + 1)],
  'a read without its seq': ['read'],
  'a read of bytes': ['read', proof],
  'a read with more fields': ['read', 1, 1],
  'an again of nothing': ['again', []],
  'an again of ranges that touch': [
    'again',
    [
      [1, 1],
      [2, 2],
    ],
  ],
  'an again of 65 ranges': ['again', everyOther(MAX_GOT_RANGES + 1)],
  'an again of one range alone': ['again', 1, 2],
  'a link of 15 bytes': ['link', new Uint8Array(15)],
  'a link of 17 bytes': ['link', new Uint8Array(17)],
  'a link of text': ['link', 'abcdefghijklmnop'],
  'another name': ['gott', 3, []],
};

suite('what devices tell each other beside their items (§9.6)', () => {
  test('each entry has one form', () => {
    for (const [says, entry] of GOOD) {
      assert.deepEqual(encodeMailboxControl(says), [entry]);
      assert.deepEqual(decodeMailboxControl([entry]), says);
    }
    assert.deepEqual(encodeMailboxControl({}), []);
    assert.deepEqual(decodeMailboxControl([]), {});
  });

  for (const [what, entry] of Object.entries(BAD)) {
    test(`${what} is ignored, and what stands beside it is not`, () => {
      const beside: ControlEntry = entry[0] === 'link' ? ['read', 5] : ['link', proof];
      const says = entry[0] === 'link' ? { read: 5 } : { link: proof };
      assert.deepEqual(decodeMailboxControl([entry as ControlEntry, beside]), says);
    });
  }

  test('of several good entries of a name the first counts, behind those that are ignored', () => {
    assert.deepEqual(
      decodeMailboxControl([
        ['read', proof],
        ['read', 3],
        ['read', 9],
        ['got', 1, [[1, 1]]],
        ['got', 2, []],
        ['got', 4, []],
      ]),
      { read: 3, got: { last: 2, ranges: [] } },
    );
  });

  test('what the other end would ignore is not said', () => {
    const wrong: readonly MailboxControl[] = [
      { got: { last: 1, ranges: [[1, 1]] } },
      { got: { last: 200, ranges: everyOther(65) } },
      { again: [] },
      { link: new Uint8Array(8) },
    ];
    for (const control of wrong) assert.throws(() => encodeMailboxControl(control), fails('limit', 'ctl'));
  });

  test('what a chain says of itself is always of the form, and covers what came', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 120 }), (order) => {
        let chain = newReceivedChain();
        const hash = new Uint8Array(32);
        for (const seq of order) chain = advanceChain(chain, { seq, prev: hash, hash, voids: [] });
        const { got } = decodeMailboxControl(encodeMailboxControl({ got: gotOf(chain) }));
        assert.ok(got);
        for (let seq = 1; seq <= 300; seq++) {
          // What it does not reach is not told as delivered, and nothing is that did not come.
          if (seq <= got.last) assert.equal(isDelivered(got, seq), order.includes(seq), String(seq));
          else assert.equal(isDelivered(got, seq), false);
        }
      }),
    );
  });

  test('travels with a flight', async () => {
    const { a, b } = sides();
    await a.start(0);
    const says: MailboxControl = {
      got: { last: 400, ranges: everyOther(MAX_GOT_RANGES) },
      read: 400,
      again: everyOther(MAX_GOT_RANGES),
      link: proof,
    };
    const { inner } = await a.conversation.seal({ items: [textItem('x')], ctl: encodeMailboxControl(says), now: NOW });
    assert.deepEqual(decodeMailboxControl((await b.receive(inner)).ctl), says);
  });
});
