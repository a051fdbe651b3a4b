import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_STORED_NAME, MAX_STORED_ROWS, type StoredRow } from '@waxwing/protocol';
import { storedRows } from '../src/messenger/stored-rows.ts';
import { checkAnswer } from '../src/relay/relay-answer.ts';
import { bytes } from './fixtures/homes.ts';

const named = (size: number): StoredRow => ({ table: bytes(size, 0x61), columns: [[bytes(size, 0x62), 1]] });
const page = (rows: readonly StoredRow[], next: number): (() => void) => {
  return () => checkAnswer({ op: 'stored', row: 10 }, { op: 'stored', rows, next });
};

suite('what a relay says it has stored (§11.4)', () => {
  test('ends behind as many rows as there can be, and says so', async () => {
    const rows: readonly StoredRow[] = new Array<StoredRow>(1_024).fill(named(3));
    let pages = 0;
    const endless = {
      stored: async (row: number) => {
        pages += 1;
        return { rows, next: row + rows.length };
      },
    };
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const { table } of storedRows(endless)) count += table.length / 3;
    };
    await assert.rejects(read(), { code: 'relay-flood' });
    assert.deepEqual([count, pages], [MAX_STORED_ROWS, MAX_STORED_ROWS / rows.length + 1]);
  });

  test('lies ahead page by page, with names that end', () => {
    for (const good of [page([named(1)], 11), page([], 0), page([named(MAX_STORED_NAME)], 0)]) good();
    for (const bad of [page([named(1)], 10), page([named(1)], 9), page([], 11), page([named(MAX_STORED_NAME + 1)], 0)])
      assert.throws(bad, { code: 'record', check: 'relay message' });
  });
});
