/** What a relay stores about us, row by row (§11.4 `stored`). */
import { MAX_STORED_ROWS } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { StoredRow } from './messenger.ts';

const UTF8 = new TextDecoder();

/** @throws WaxwingError `relay-flood` behind as many rows as a relay can have of one account, where it says there are more */
export async function* storedRows(requests: Pick<RelayRequests, 'stored'>): AsyncGenerator<StoredRow> {
  let count = 0;
  for (let row = 0; ; ) {
    const page = await requests.stored(row);
    for (const { table, columns } of page.rows) {
      count += 1;
      if (count > MAX_STORED_ROWS) throw endless();
      yield { table: textOfName(table), columns: columns.map(([name, value]) => [textOfName(name), value] as const) };
    }
    if (page.next === 0) return;
    row = page.next;
  }
}

/** Names are byte strings; what is no UTF-8 in them is shown as such. */
function textOfName(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

function endless(): WaxwingError {
  return new WaxwingError(
    'relay-flood',
    `The relay lists more than the ${MAX_STORED_ROWS.toLocaleString('en-US')} rows that it can have of one account: those behind are not shown.`,
    'Ask its operator what runs there.',
  );
}
