import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Bytes, MAX_UNCONFIRMED } from '@waxwing/protocol/wire';
import { type Fill, Fills } from '../src/store/sql/fills.ts';

const EMPTY = { mailbox: 'box', envelopes: 0, bytes: 0, next: 1 };
const outer: Bytes = new Uint8Array(1104);

function put(fills: Fills, fill: Fill, ...keys: readonly string[]): void {
  for (const key of keys) fills.put(fill, { key, id: new Uint8Array(16), outer });
}

function confirm(fills: Fills, fill: Fill, ...keys: readonly string[]): void {
  for (const key of keys) fills.confirm(fill, { key, size: outer.length });
}

function places(fills: Fills, after = 0, count = 1_000): readonly number[] | undefined {
  return fills.waiting('box', { after, count })?.map(({ number }) => number);
}

describe('what is remembered of a mailbox', () => {
  test('is delivered only once it is on the disk', () => {
    const fills = new Fills();
    assert.equal(places(fills), undefined, 'nothing is known yet');
    const fill = fills.remember(EMPTY);
    assert.deepEqual(places(fills), []);
    put(fills, fill, 'a', 'b');
    assert.equal(places(fills), undefined, 'put, and the transaction goes on');
    fills.settle();
    assert.deepEqual(places(fills), [1, 2]);
    assert.deepEqual(places(fills, 1), [2]);
    assert.deepEqual(places(fills, 0, 1), [1]);
    put(fills, fill, 'c');
    confirm(fills, fill, 'a', 'c');
    fills.settle();
    assert.deepEqual(places(fills), [2], 'what was confirmed in the same transaction never comes');
    assert.deepEqual([fill.envelopes, fill.bytes, fill.next], [1, outer.length, 4]);
  });

  test('is forgotten with a transaction that failed, or with the mailbox', () => {
    const fills = new Fills();
    put(fills, fills.remember(EMPTY), 'a');
    fills.forget();
    fills.settle();
    assert.equal(places(fills), undefined);
    const fill = fills.remember(EMPTY);
    put(fills, fill, 'b');
    fills.forgetOne('box');
    fills.settle();
    assert.equal(places(fills), undefined);
    assert.equal(fill.lately.size, 0);
  });

  test('leaves to the disk what was there before, and what nobody takes away', () => {
    const fills = new Fills();
    const fill = fills.remember({ mailbox: 'box', envelopes: 1, bytes: outer.length, next: 2 });
    put(fills, fill, 'a');
    fills.settle();
    assert.equal(places(fills), undefined, 'one is known to the disk alone');
    confirm(fills, fill, 'old');
    assert.deepEqual(places(fills), [2]);
    const many = Array.from({ length: 2 * MAX_UNCONFIRMED }, (_, n) => `many ${n}`);
    put(fills, fill, ...many);
    fills.settle();
    assert.equal(places(fills), undefined, 'too many');
    assert.equal(fill.lately.size, 0);
    confirm(fills, fill, 'a', ...many);
    put(fills, fill, 'last');
    fills.settle();
    assert.deepEqual(places(fills), [fill.next - 1], 'empty in between: all of it is known again');
  });

  test('keeps no more bytes than it may, whoever they are for', () => {
    const fills = new Fills();
    const large: Bytes = new Uint8Array(2 ** 20);
    const all = Array.from({ length: 33 }, (_, n) => {
      const fill = fills.remember({ ...EMPTY, mailbox: `box ${n}` });
      fills.put(fill, { key: `key ${n}`, id: new Uint8Array(16), outer: large });
      return fill;
    });
    fills.settle();
    assert.ok(all.every(({ lately }) => lately.size === 0));
  });
});
