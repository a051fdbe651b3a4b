/** Copies every row from one database to an empty one of the same schema (their encryptions differ). */
import type { Database, SqlValue } from './database.ts';

/** The full-text index is not copied: the next search fills it. Call inside a transaction of `to`. */
export function copyTables(from: Database, to: Database): void {
  to.pragma('defer_foreign_keys = ON');
  const tables = to
    .prepare<{ readonly name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND name NOT LIKE 'messages\\_text%' ESCAPE '\\' AND name <> 'search_index'`,
    )
    .all();
  for (const { name } of tables) copyTable(from, to, name);
  // Numbers are never used again, not even those of deleted messages.
  to.exec('DELETE FROM sqlite_sequence');
  copyTable(from, to, 'sqlite_sequence');
}

function copyTable(from: Database, to: Database, table: string): void {
  const columns = to
    .prepare<{ readonly name: string }>('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => name);
  const insert = to.prepare<never>(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const rows = from.prepare<Readonly<Record<string, SqlValue>>>(`SELECT ${columns.join(', ')} FROM ${table}`);
  for (const row of rows.all()) insert.run(...columns.map((column) => row[column] ?? null));
}
