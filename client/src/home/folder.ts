/** A home's folder, opened: its lock, its key, its database of the newest schema. The identity is not its matter. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { SecretKey } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import { Database } from '../store/sqlite/database.ts';
import { diskFailure } from '../store/sqlite/disk-failure.ts';
import { migrate } from '../store/sqlite/migrate.ts';
import { createKeyFile, DATABASE_KEY_SIZE, type KeyFile, readKeyFile, tidyKeyFile } from './key-file.ts';
import { type HomeLock, lockHome } from './lock.ts';
import { obtainPassphrase, openUnderPassphrase } from './passphrase.ts';

export interface FolderOptions {
  readonly path: string;
  readonly profileLabel?: string | undefined;
  readonly passphrase?: (() => Promise<string>) | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface OpenFolder {
  readonly database: Database;
  readonly key: SecretKey;
  readonly protection: KeyFile['protection'];
  readonly lock: HomeLock;
}

export const DATABASE = 'waxwing.db';
export const LOG = `${DATABASE}-wal`;

/** Opens the folder for reading and writing, and makes what is not there. */
export async function openFolder(options: FolderOptions): Promise<OpenFolder> {
  const { path } = options;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw diskFailure(error, path);
  }
  const lock = lockHome(path, options.profileLabel);
  try {
    tidyKeyFile(path);
    const file = readKeyFile(path);
    if (file === undefined && existsSync(join(path, DATABASE))) throw keyMissing(path);
    const key = file === undefined ? new SecretKey(randomBytes(DATABASE_KEY_SIZE)) : await keyOf(file, options);
    if (file === undefined) createKeyFile(path, key);
    const database = Database.openFile(join(path, DATABASE), key, path);
    try {
      migrate(database);
    } catch (error) {
      database.close();
      throw error;
    }
    return { database, key, protection: file?.protection ?? 'key-file', lock };
  } catch (error) {
    lock.release();
    throw diskFailure(error, path);
  }
}

/**
 * A copy in RAM of what the folder holds, as far as it can be read: the lock is taken where the disk allows it, and
 * nothing is changed. An empty database where there is no home yet.
 * @throws WaxwingError `home-locked`, `home-damaged`, `home-key-missing`, `passphrase-…`
 */
export async function readFolder(options: FolderOptions): Promise<Database> {
  const lock = tryLock(options);
  try {
    const database = Database.openMemory(options.path, await readImage(options));
    migrate(database);
    return database;
  } catch (error) {
    throw diskFailure(error, options.path);
  } finally {
    lock?.release();
  }
}

function tryLock({ path, profileLabel }: FolderOptions): HomeLock | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return lockHome(path, profileLabel);
  } catch (error) {
    if (error instanceof WaxwingError && error.code !== 'home-locked') return undefined;
    throw error;
  }
}

async function readImage(options: FolderOptions): Promise<Uint8Array | undefined> {
  const { path } = options;
  if (!existsSync(join(path, DATABASE))) return undefined;
  const file = readKeyFile(path);
  if (file === undefined) throw keyMissing(path);
  const key = await keyOf(file, options);
  // A write-ahead log is read from beside its database only, in a place that can be written; both are encrypted.
  const copy = copyToScratch(path);
  try {
    const database = Database.openFile(join(copy, DATABASE), key, path);
    try {
      return database.exposeImage();
    } finally {
      database.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** A copy of database and log, both encrypted, in a folder of its own that the caller removes. */
export function copyToScratch(path: string): string {
  let failure: unknown;
  for (const place of [tmpdir(), '/dev/shm']) {
    let scratch: string | undefined;
    try {
      scratch = mkdtempSync(join(place, 'waxwing-'));
      for (const name of [DATABASE, LOG]) {
        if (!existsSync(join(path, name))) continue;
        copyFileSync(join(path, name), join(scratch, name));
        chmodSync(join(scratch, name), 0o600); // a copy of what was read-only would be read-only too
      }
      return scratch;
    } catch (error) {
      failure = error;
      if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
    }
  }
  throw failure;
}

/** The database key, which may take a passphrase. @throws WaxwingError `passphrase-…`, `home-damaged` */
export async function keyOf(file: KeyFile, options: FolderOptions): Promise<SecretKey> {
  if (file.protection === 'key-file') return file.key;
  const passphrase = await obtainPassphrase(options.env ?? {}, options.passphrase);
  const key = await openUnderPassphrase(file.sealed, passphrase);
  if (key?.length === DATABASE_KEY_SIZE) return new SecretKey(key);
  throw new WaxwingError(
    'home-damaged',
    `The file key.age in ${options.path} is damaged.`,
    'Put the file back from a copy, or restore a backup with waxwing restore FILE --profile NAME.',
  );
}

/** The error for a database without its key. */
export function keyMissing(path: string): WaxwingError {
  return new WaxwingError(
    'home-key-missing',
    `There is a database in ${path}, but its key (key, or key.age) is gone.`,
    'Put the key file back, or restore a backup with waxwing restore FILE --profile NAME.',
  );
}
