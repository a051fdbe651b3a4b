import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, u32 } from '../src/bytes.ts';
import {
  advanceChain,
  beginChain,
  checkFirst,
  checkPlace,
  gotOf,
  newReceivedChain,
  type ReceivedChain,
} from '../src/envelope/received-chain.ts';
import { checkFreshness } from '../src/envelope/freshness.ts';
import type { ControlEntry, Payload } from '../src/envelope/payload.ts';
import { isProtocolError } from '../src/errors.ts';
import { LIVE_TTL, MAX_GAPS, MAX_GOT_RANGES } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { fails } from './fixtures/conversations.ts';
import { NOW } from './fixtures/devices.ts';

/** H of the statement of a flight: of 0 it is zeros. */
const hashOf = (seq: number): Bytes => (seq === 0 ? new Uint8Array(32) : p.sha256(u32(seq)));

function flight(seq: number, change: { prev?: Bytes; ctl?: readonly ControlEntry[]; sent?: number } = {}): Payload {
  const { prev = hashOf(seq - 1), ctl = [], sent = NOW } = change;
  return { items: [], sent, ttl: 0, seq, prev, signature: new Uint8Array(256), ctl };
}

/** Checked and taken. @throws as `checkPlace` */
function take(chain: ReceivedChain, payload: Payload, hash = hashOf(payload.seq)): ReceivedChain {
  const { voids } = checkPlace(chain, payload, { now: NOW, hash: () => hash });
  return advanceChain(chain, { seq: payload.seq, prev: payload.prev, hash, voids });
}

const takeAll = (seqs: readonly number[], chain = newReceivedChain()): ReceivedChain =>
  seqs.reduce((before, seq) => take(before, flight(seq)), chain);

/** What is missing by counting. */
function missingOf(came: ReadonlySet<number>): number[] {
  const last = Math.max(0, ...came);
  return Array.from({ length: last }, (_, i) => i + 1).filter((seq) => !came.has(seq));
}

const told = ({ ranges }: { ranges: readonly (readonly [number, number])[] }): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));

suite('the record of what came (§5.4 step 4, in mailboxes)', () => {
  test('any order with losses and copies: each flight once, the rest told as missing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), (order) => {
        let chain = newReceivedChain();
        const came = new Set<number>();
        for (const seq of order) {
          const before = chain;
          if (came.has(seq)) {
            assert.throws(() => take(chain, flight(seq)), fails('envelope-4', 'seq'));
            assert.equal(chain, before);
            continue;
          }
          const highest = Math.max(0, ...came);
          const { gap, late } = checkPlace(chain, flight(seq), { now: NOW, hash: () => hashOf(seq) });
          assert.deepEqual([gap, late], [Math.max(0, seq - highest - 1), seq < highest]);
          chain = take(chain, flight(seq));
          came.add(seq);
          assert.deepEqual(told(gotOf(chain)), missingOf(came));
          assert.equal(gotOf(chain).last, Math.max(...came));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a flight that does not agree with its neighbours is refused, on time and late', () => {
    const strange = new Uint8Array(32).fill(9);
    assert.throws(() => take(newReceivedChain(), flight(1, { prev: strange })), fails('envelope-4', 'prev'));
    const chain = takeAll([1, 2, 6]);
    assert.throws(() => take(chain, flight(7, { prev: strange })), fails('envelope-4', 'prev'));
    assert.throws(() => take(chain, flight(3, { prev: strange })), fails('envelope-4', 'prev'));
    assert.throws(() => take(chain, flight(5), strange), fails('envelope-4', 'prev'));
    // In the middle of a gap nobody knows better, but what comes fixes its neighbours.
    const split = take(chain, flight(4, { prev: strange }));
    assert.throws(() => take(split, flight(3)), fails('envelope-4', 'prev'));
    take(split, flight(3), strange);
    assert.throws(() => take(chain, flight(0)), fails('envelope-4', 'seq'));
  });

  test('age is told and never judged, and ttl is the sender’s wish', () => {
    const old = flight(1, { sent: 1000 });
    const { age, fault } = checkPlace(newReceivedChain(), old, { now: NOW, hash: () => hashOf(1) });
    assert.deepEqual([age, fault], [NOW - 1000, undefined]);
    checkPlace(newReceivedChain(), { ...old, ttl: 86_400, sent: 2 * NOW }, { now: NOW, hash: () => hashOf(1) });
  });

  test('what is void is not missing, and is taken all the same if it comes', () => {
    const chain = take(
      takeAll([1]),
      flight(10, {
        ctl: [
          ['void', 3, 5],
          ['void', 5, 7],
          ['void', 9, 900],
        ],
      }),
    );
    assert.deepEqual(gotOf(chain), {
      last: 10,
      ranges: [
        [2, 2],
        [8, 8],
      ],
    });
    const late = take(chain, flight(4));
    assert.deepEqual(late.voids, [
      [3, 3],
      [5, 7],
      [9, 9],
    ]);
    const later = take(late, flight(11, { ctl: [['void', 1, 2]] }));
    assert.deepEqual(gotOf(later), { last: 11, ranges: [[8, 8]] });
    const { gap } = checkPlace(takeAll([1]), flight(10, { ctl: [['void', 3, 5]] }), {
      now: NOW,
      hash: () => hashOf(10),
    });
    assert.equal(gap, 5);
    const wide = flight(10, {
      ctl: [
        ['void', 1, 5],
        ['void', 9, 12],
      ],
    });
    assert.equal(checkPlace(takeAll([1]), wide, { now: NOW, hash: () => hashOf(10) }).gap, 3);
  });

  test('voids that touch are one, and one that only reaches into a gap counts there', () => {
    const touching = flight(10, {
      ctl: [
        ['void', 3, 4],
        ['void', 5, 7],
      ],
    });
    assert.deepEqual(take(takeAll([1]), touching).voids, [[3, 7]]);
    const reaching = take(takeAll([1, 2]), flight(10, { ctl: [['void', 1, 3]] }));
    assert.deepEqual(reaching.voids, [[3, 3]]);
    assert.deepEqual(gotOf(reaching).ranges, [[4, 9]]);
    assert.deepEqual(takeAll([20], reaching).voids, [[3, 3]]); // and not in the gap behind it
  });

  test('a gap ends where its flights have come, from either side', () => {
    const rangesOf = ({ gaps }: ReceivedChain) => gaps.map(({ from, to }) => [from, to]);
    const cases: readonly (readonly [readonly number[], readonly (readonly number[])[]])[] = [
      [[1, 5], [[2, 4]]],
      [[1, 5, 2], [[3, 4]]],
      [[1, 5, 4], [[2, 3]]],
      [
        [1, 5, 3],
        [
          [2, 2],
          [4, 4],
        ],
      ],
      [[1, 5, 3, 2], [[4, 4]]],
      [[1, 5, 3, 2, 4], []],
    ];
    for (const [seqs, ranges] of cases) assert.deepEqual(rangesOf(takeAll(seqs)), ranges, seqs.join(' '));
  });

  test('of more than 64 ranges none is told as delivered', () => {
    const chain = takeAll(Array.from({ length: 70 }, (_, i) => 2 * i + 2));
    const got = gotOf(chain);
    assert.equal(got.ranges.length, MAX_GOT_RANGES);
    assert.deepEqual(got.ranges.at(-1), [127, 127]);
    assert.equal(got.last, 128);
  });

  test('1,024 gaps are kept: the next flight is refused before one of them is forgotten, unless one is void', () => {
    const full = takeAll(Array.from({ length: MAX_GAPS }, (_, i) => 5 * i + 5));
    const last = 5 * MAX_GAPS;
    assert.equal(full.gaps.length, MAX_GAPS);
    assert.throws(() => take(full, flight(last + 2)), fails('envelope-4', 'seq'));
    assert.throws(() => take(full, flight(2)), fails('envelope-4', 'seq'));
    // Checked before anything of the flight is looked at further.
    for (const seq of [last + 2, 2]) {
      const judged = { now: NOW, hash: () => hashOf(seq) };
      assert.throws(() => checkPlace(full, flight(seq), judged), fails('envelope-4', 'seq'));
    }
    const part = take(full, flight(last + 1, { ctl: [['void', 6, 8]] }));
    assert.throws(() => take(part, flight(last + 3)), fails('envelope-4', 'seq'));
    const next = take(full, flight(last + 1, { ctl: [['void', 6, 9]] }));
    assert.equal(next.gaps.length, MAX_GAPS);
    // A gap is not given up for a flight that comes in it.
    assert.throws(() => take(next, flight(7)), fails('envelope-4', 'seq'));
    const more = take(next, flight(last + 3));
    assert.equal(more.gaps.length, MAX_GAPS);
    assert.throws(
      () => take(more, flight(7)),
      (error) => isProtocolError(error, 'envelope-4'),
    );
    assert.deepEqual(told(gotOf(more)).slice(0, 8), [1, 2, 3, 4, 11, 12, 13, 14]);
    const split = take(next, flight(2));
    assert.equal(split.gaps.length, MAX_GAPS);
    for (const seq of [1, 4]) assert.equal(take(full, flight(seq)).gaps.length, MAX_GAPS);
  });

  test('the first flight of a room’s member that comes begins the chain: of those before it only some are told (§10.4)', () => {
    const sixth = flight(6, { sent: NOW - 5, ctl: [['void', 4, 9]] });
    const { gap, age, late, fault } = checkFirst(sixth, { now: NOW, missing: 3 });
    assert.deepEqual([gap, age, late, fault], [1, 5, false, undefined]);
    const begun = (missing: number): ReceivedChain =>
      beginChain({ seq: 6, prev: hashOf(5), hash: hashOf(6), voids: [] }, missing);
    assert.deepEqual(
      [0, 3, 5, 9].map((missing) => told(gotOf(begun(missing)))),
      [[], [3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]],
    );
    assert.deepEqual(told(gotOf(take(begun(0), flight(2)))), []);
    const judged = { now: NOW, missing: 0 };
    assert.equal(checkFirst(flight(1), judged).gap, 0);
    assert.throws(() => checkFirst(flight(0), judged), fails('envelope-4', 'seq'));
    assert.throws(() => checkFirst(flight(1, { prev: hashOf(1) }), judged), fails('envelope-4', 'prev'));
  });

  test('no more than 1,024 voids are kept', () => {
    const ctl = Array.from({ length: MAX_GAPS + 1 }, (_, i) => ['void', 2 * i + 2, 2 * i + 2] as const);
    const { voids, gaps } = take(takeAll([1]), flight(2 * MAX_GAPS + 10, { ctl }));
    assert.deepEqual([voids.length, voids.at(-1), gaps.length], [MAX_GAPS, [2 * MAX_GAPS, 2 * MAX_GAPS], 1]);
  });

  test('a live flight is never late', () => {
    const context = { last: undefined, clockOffset: 0, gapAllowed: true };
    const live = { ...flight(3), ttl: LIVE_TTL };
    const { late, gap, fault } = checkFreshness(context, live, NOW);
    assert.deepEqual([late, gap, fault], [false, 2, undefined]);
  });
});
