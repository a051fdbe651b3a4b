/** What a relay stores about us, row by row (§11.4 `stored`). */
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { StoredRow } from './messenger.ts';

export async function* storedRows(requests: RelayRequests): AsyncGenerator<StoredRow> {
  for (let row = 0; ; ) {
    const page = await requests.stored(row);
    for (const { table, columns } of page.rows) {
      yield { table: textOfName(table), columns: columns.map(([name, value]) => [textOfName(name), value] as const) };
    }
    if (page.next === 0) return;
    row = page.next;
  }
}

/** Names are byte strings; what is no UTF-8 in them is shown as such. */
function textOfName(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
