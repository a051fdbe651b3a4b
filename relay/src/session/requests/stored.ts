/** stored: what a raw read of the store shows about the asker (§11.4). */
import type { RelayRequest, StoredRow } from '@waxwing/protocol/wire';
import type { Caller, Handled } from '../caller.ts';

const ROWS = 64;
/** Fits a record with room for heads and ids, bytes. */
const LARGEST_ANSWER = 100_000;

export async function stored(
  { parts, account }: Caller,
  { row }: Extract<RelayRequest, { op: 'stored' }>,
): Promise<Handled> {
  return {
    answer: parts.store.rows(account, { from: row, count: ROWS }).then((rows) => {
      let size = 0;
      const cut = rows.findIndex((one, at) => (size += sizeOf(one)) > LARGEST_ANSWER && at > 0);
      const fitting = cut === -1 ? rows : rows.slice(0, cut);
      const more = fitting.length < rows.length || rows.length === ROWS;
      return { op: 'stored', rows: fitting, next: more ? row + fitting.length : 0 };
    }),
  };
}

function sizeOf({ table, columns }: StoredRow): number {
  return columns.reduce(
    (sum, [column, value]) => sum + column.length + (typeof value === 'number' ? 9 : value.length) + 8,
    table.length + 16,
  );
}
