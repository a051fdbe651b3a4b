/**
 * Looking at a home without living in it: a copy is opened, so that nothing in the folder changes, no lock is taken, and
 * it works while a chat holds the home.
 */
import { existsSync, openSync, readSync, closeSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { WaxwingError } from '../errors.ts';
import { Database } from '../store/sqlite/database.ts';
import { diskFailure } from '../store/sqlite/disk-failure.ts';
import { loadIdentity } from '../store/sqlite/identity-row.ts';
import { isLab } from '../store/sqlite/lab-mark.ts';
import { migrate } from '../store/sqlite/migrate.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { copyToScratch, DATABASE, type FolderOptions, keyMissing, keyOf, LOG } from './folder.ts';
import type { Home } from './home.ts';
import { readKeyFile } from './key-file.ts';

/** What can be seen of a home. What is written to its store is lost with it. */
export type HomeLook = Pick<Home, 'path' | 'profileLabel' | 'protection' | 'lab' | 'device' | 'store' | 'close'>;

const ATTEMPTS = 5;
/** A write-ahead log's header holds salts that change whenever it is begun anew. */
const LOG_HEADER = 32;

/** Whether there is a home in this folder, whatever its state. */
export function homeExists(path: string): boolean {
  return existsSync(join(path, DATABASE));
}

/**
 * Opens a copy of a home as it stands on the disk.
 * @throws WaxwingError `home-missing`, `home-key-missing`, `home-damaged`, `home-too-new`, `passphrase-…`, `disk-full`
 */
export async function lookHome(options: FolderOptions): Promise<HomeLook> {
  const { path, profileLabel } = options;
  if (!homeExists(path)) throw missing(path);
  try {
    const file = readKeyFile(path);
    if (file === undefined) throw keyMissing(path);
    const key = await keyOf(file, options);
    const copy = copySteadily(path);
    let database: Database | undefined;
    try {
      database = Database.openFile(join(copy, DATABASE), key, path);
      migrate(database);
      const identity = await loadIdentity(database);
      if (identity === undefined) throw missing(path);
      const opened = database;
      return {
        path,
        profileLabel,
        protection: file.protection,
        device: identity.device,
        lab: isLab(opened),
        store: new SqliteStore(opened, Date.now),
        close: () => {
          opened.close();
          rmSync(copy, { recursive: true, force: true });
        },
      };
    } catch (error) {
      database?.close();
      rmSync(copy, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    throw diskFailure(error, path);
  }
}

/**
 * Database and log as they stood at one moment. Pages that a checkpoint writes meanwhile are in the log as well, so a
 * copy is whole as long as the log was not begun anew; without a log the database itself must not have changed.
 */
function copySteadily(path: string): string {
  for (let attempt = 1; ; attempt++) {
    const before = markOf(path);
    const copy = copyToScratch(path);
    const after = markOf(path);
    const steady = before.log === after.log && (before.log !== '' || before.database === after.database);
    if (steady) return copy;
    rmSync(copy, { recursive: true, force: true });
    if (attempt === ATTEMPTS) {
      throw new WaxwingError('home-locked', `${path} is being written without a pause.`, 'Try again in a moment.');
    }
  }
}

function markOf(path: string): { readonly database: string; readonly log: string } {
  const { size, mtimeNs } = statSync(join(path, DATABASE), { bigint: true });
  return { database: `${size} ${mtimeNs}`, log: headerOf(join(path, LOG)) };
}

function headerOf(log: string): string {
  if (!existsSync(log)) return '';
  const file = openSync(log, 'r');
  try {
    const header = Buffer.alloc(LOG_HEADER);
    return header.subarray(0, readSync(file, header, 0, LOG_HEADER, 0)).toString('hex');
  } finally {
    closeSync(file);
  }
}

function missing(path: string): WaxwingError {
  return new WaxwingError(
    'home-missing',
    `There is no identity in ${path} yet.`,
    'Make one: waxwing id show --create.',
  );
}
