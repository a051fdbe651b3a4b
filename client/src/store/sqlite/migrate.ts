/** The schema as numbered steps: `migrations/NNNN-name.sql`, each applied once, in order, in its own commit. */
import { readdirSync, readFileSync } from 'node:fs';
import { WaxwingError } from '../../errors.ts';
import type { Database } from './database.ts';

/** "WAXW": what kind of SQLite file this is. */
export const APPLICATION_ID = 0x57415857;

const FOLDER = new URL('../migrations/', import.meta.url);
const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

export interface Migration {
  readonly version: number;
  readonly name: string;
  read(): string;
}

/** The migrations that come with this program, in order and without gaps. */
export function listMigrations(): readonly Migration[] {
  const names = readdirSync(FOLDER).filter((name) => NAME.test(name));
  return names.sort().map((name, index) => {
    if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`migration ${name} is out of order`);
    return { version: index + 1, name, read: () => readFileSync(new URL(name, FOLDER), 'utf8') };
  });
}

/** Whether this is a database of ours, by its application id. */
export function isOurs(database: Database): boolean {
  return database.pragma('application_id') === APPLICATION_ID;
}

/**
 * Brings a database to the newest schema. What it holds is kept; a step that fails leaves the step before.
 * @throws WaxwingError `home-too-new`, `home-damaged`
 */
export function migrate(database: Database, migrations: readonly Migration[] = listMigrations()): void {
  const version = Number(database.pragma('user_version'));
  if (version > 0 && !isOurs(database)) {
    throw new WaxwingError(
      'home-damaged',
      `The database in ${database.place} is not Waxwing's.`,
      'Move it away, or choose another home with WAXWING_HOME.',
    );
  }
  if (version > migrations.length) {
    throw new WaxwingError(
      'home-too-new',
      `${database.place} was written by a newer version of Waxwing (schema ${version}; this program knows ${migrations.length}).`,
      'Update Waxwing, then try again.',
    );
  }
  for (const migration of migrations.slice(version)) {
    database.transaction(() => {
      database.exec(migration.read());
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${migration.version}`);
    });
  }
}
