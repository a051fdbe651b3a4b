/** What a raw read of the tables would show about one account, its device and its mailbox (§11.4, `stored`). */
import { type StoredRow, utf8 } from '@waxwing/protocol/wire';
import type { Kysely } from 'kysely';
import { toBytes } from './blob.ts';
import type { RelayTables } from './tables.ts';

type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

interface Subject {
  readonly account: Uint8Array;
  readonly mailbox: Uint8Array;
}

interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** One table: how its rows about a subject are read, in a fixed order. */
type Reader = (db: Kysely<RelayTables>, subject: Subject, page: Page) => Promise<readonly Row[]>;

const READERS: readonly (readonly [table: string, reader: Reader])[] = [
  [
    'accounts',
    (db, { account }, page) => paged(db.selectFrom('accounts').selectAll().where('account', '=', account), page),
  ],
  [
    'invites',
    (db, { account }, page) =>
      paged(db.selectFrom('invites').selectAll().where('account', '=', account).orderBy('token_hash'), page),
  ],
  [
    'prekeys',
    (db, { mailbox }, page) => paged(db.selectFrom('prekeys').selectAll().where('mailbox', '=', mailbox), page),
  ],
  [
    'entries',
    (db, { mailbox }, page) =>
      paged(db.selectFrom('entries').selectAll().where('mailbox', '=', mailbox).orderBy('number'), page),
  ],
  [
    'envelopes',
    (db, { mailbox }, page) =>
      paged(
        db
          .selectFrom('envelopes')
          .select((row) => ['id', 'mailbox', 'number', row.fn<number>('length', ['sealed']).as('sealed'), 'goes'])
          .where('mailbox', '=', mailbox)
          .orderBy('number'),
        page,
      ),
  ],
];

interface Pageable {
  limit(count: number): Pageable;
  offset(count: number): Pageable;
  execute(): Promise<readonly Row[]>;
}

function paged(query: Pageable, { offset, limit }: Page): Promise<readonly Row[]> {
  return query.limit(limit).offset(offset).execute();
}

/** Rows `from` … `from + count - 1` over all tables together. */
export async function subjectRows(
  db: Kysely<RelayTables>,
  subject: Subject,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly StoredRow[]> {
  const found: StoredRow[] = [];
  let skip = from;
  for (const [table, reader] of READERS) {
    if (found.length === count) break;
    const limit = count - found.length;
    const rows = await reader(db, subject, { offset: skip, limit });
    found.push(...rows.map((row) => toStoredRow(table, row)));
    if (rows.length < limit) skip = await beyond(reader, { db, subject, skip, read: rows.length });
    else skip = 0;
  }
  return found;
}

/** What is still to be skipped in the tables that follow. */
async function beyond(
  reader: Reader,
  { db, subject, skip, read }: { db: Kysely<RelayTables>; subject: Subject; skip: number; read: number },
): Promise<number> {
  if (skip === 0 || read > 0) return 0;
  let size = 0;
  for (;;) {
    const rows = await reader(db, subject, { offset: size, limit: 1000 });
    size += rows.length;
    if (rows.length < 1000) return Math.max(0, skip - size);
  }
}

function toStoredRow(table: string, row: Row): StoredRow {
  const columns = Object.entries(row).map(([column, value]) => [utf8(column), toValue(value)] as const);
  return { table: utf8(table), columns };
}

function toValue(value: Row[string]): StoredRow['columns'][number][1] {
  if (value === null) return new Uint8Array(0);
  if (typeof value === 'string') return utf8(value);
  return typeof value === 'number' ? value : toBytes(value);
}
