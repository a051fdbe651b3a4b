/** The embedded database: one SQLite file that this process holds alone, or one in memory for tests. */
import { chmodSync, closeSync, openSync } from 'node:fs';
import type { Primitives } from '@waxwing/protocol/wire';
import Driver from 'better-sqlite3-multiple-ciphers';
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely';
import { RelayError } from '../../errors.ts';
import { diskFailure } from './disk-failure.ts';
import { listMigrations, type Migration } from './migrations.ts';
import { SqlStore } from './sql-store.ts';
import type { RelayTables } from './tables.ts';

/** "WAXR": what kind of SQLite file this is. */
export const APPLICATION_ID = 0x57415852;

const MAX_PREPARED = 300;

/** What is used of the driver beyond kysely: its own types are hidden by its `exports`. */
interface SqliteDriver extends SqliteDatabase {
  pragma(source: string, options?: { simple?: boolean }): unknown;
  exec(sql: string): unknown;
  backup(file: string): Promise<unknown>;
}

export interface SqliteFile {
  readonly store: SqlStore;
  /** A whole, consistent copy into a file that is not there yet; the relay goes on meanwhile. */
  backup(file: string): Promise<void>;
}

/**
 * Opens the file, which stays locked by this process until it is closed (the kernel lets go when the process ends,
 * however that ends), and brings it to the newest schema.
 * @throws RelayError `relay-running`, `relay-disk`, `relay-damaged`, `relay-too-new`
 */
export function openSqlite(
  file: string,
  p: Pick<Primitives, 'sha256'>,
  migrations: readonly Migration[] = listMigrations(),
): SqliteFile {
  let driver: SqliteDriver | undefined;
  try {
    if (file !== ':memory:') {
      closeSync(openSync(file, 'a', 0o600));
      chmodSync(file, 0o600);
    }
    driver = new Driver(file, { timeout: 0 }) as unknown as SqliteDriver;
    driver.pragma('locking_mode = EXCLUSIVE');
    driver.pragma('journal_mode = WAL');
    driver.pragma('synchronous = FULL'); // acknowledged means on the disk
    driver.pragma('secure_delete = ON'); // confirmed envelopes are overwritten
    driver.pragma('temp_store = MEMORY');
    driver.pragma('trusted_schema = OFF');
    driver.pragma('journal_size_limit = 67108864');
    driver.exec('BEGIN IMMEDIATE; COMMIT'); // takes the lock now, and not at the first message
    migrate(driver, file, migrations);
    const kept = driver;
    return {
      store: new SqlStore(
        new Kysely<RelayTables>({ dialect: new SqliteDialect({ database: preparingOnce(kept) }) }),
        p,
        () => kept.close(),
      ),
      backup: async (copy) => {
        try {
          await kept.backup(copy);
          chmodSync(copy, 0o600);
        } catch (error) {
          throw diskFailure(error, copy);
        }
      },
    };
  } catch (error) {
    driver?.close();
    throw diskFailure(error, file);
  }
}

/** Statements are prepared once for each text: kysely asks for them anew with every query. */
function preparingOnce(driver: SqliteDriver): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      if (prepared.size >= MAX_PREPARED) prepared.clear(); // lists of ids of every length make many texts
      const statement = driver.prepare(sql);
      prepared.set(sql, statement);
      return statement;
    },
    close: () => driver.close(),
  };
}

function migrate(driver: SqliteDriver, file: string, migrations: readonly Migration[]): void {
  const version = Number(driver.pragma('user_version', { simple: true }));
  if (version > 0 && driver.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new RelayError(
      'relay-damaged',
      `The database ${file} is not a relay's.`,
      'Move it away, or choose another folder with --data.',
    );
  }
  if (version > migrations.length) {
    throw new RelayError(
      'relay-too-new',
      `${file} was written by a newer version of Waxwing (schema ${version}; this program knows ${migrations.length}).`,
      'Update Waxwing, then try again.',
    );
  }
  for (const migration of migrations.slice(version)) {
    driver.exec('BEGIN IMMEDIATE');
    try {
      driver.exec(migration.read());
      driver.pragma(`application_id = ${APPLICATION_ID}`);
      driver.pragma(`user_version = ${migration.version}`);
      driver.exec('COMMIT');
    } catch (error) {
      driver.exec('ROLLBACK');
      throw error;
    }
  }
}
