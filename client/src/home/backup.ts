/** Backup and restore: one age file (`age -d` opens it to a plain SQLite database) with identity and history. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { toHex } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { WaxwingError } from '../errors.ts';
import { Database } from '../store/sqlite/database.ts';
import { diskFailure } from '../store/sqlite/disk-failure.ts';
import { hasIdentity, loadIdentity, saveIdentity } from '../store/sqlite/identity-row.ts';
import { isOurs, migrate } from '../store/sqlite/migrate.ts';
import { copyTables } from '../store/sqlite/table-copy.ts';
import { openFolder } from './folder.ts';
import { type Home, newDeviceOf, OpenHome, type OpenHomeOptions } from './home.ts';
import { moveFile, writeDurably } from './key-file.ts';
import { isAgeFile, openUnderPassphrase, sealUnderPassphrase } from './passphrase.ts';

export interface BackupOptions {
  readonly home: Home;
  /** The file to write; it must not exist. */
  readonly path: string;
  readonly passphrase: string;
  /** log2 of scrypt's work; age's own default is 18. */
  readonly scryptLogN?: number | undefined;
}

export interface BackupResult {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly messages: number;
  readonly peers: number;
}

export interface RestoreOptions {
  /** The backup file. */
  readonly path: string;
  readonly passphrase: string;
  /** The home to restore into: its folder must hold no identity. */
  readonly home: Omit<OpenHomeOptions, 'memory' | 'identity'>;
}

export interface RestoreResult {
  /** Open, with a new device id of the same account (§5.2). The caller closes it. */
  readonly home: Home;
  readonly messages: number;
  readonly peers: number;
  /** Hex. The device in the backup, and the one made in its place. */
  readonly oldDevice: string;
  readonly newDevice: string;
  /** When the backup was made, Unix milliseconds. */
  readonly madeAt: number;
}

const MADE_AT = 'backup-made-at';

/** @throws WaxwingError `backup-exists`, `backup-unwritable`, `passphrase-empty`, `disk-full` */
export async function backupHome(options: BackupOptions): Promise<BackupResult> {
  const { home, passphrase, scryptLogN } = options;
  if (!(home instanceof OpenHome)) throw new TypeError('not a home of this module');
  home.assertOpen();
  const path = resolve(options.path);
  const copy = Database.openMemory(home.path, home.database.exposeImage());
  copy.prepare('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)').run(MADE_AT, String(home.now()));
  const image = copy.exposeImage();
  const counted = counts(copy);
  copy.close();
  const reserved = reserve(path);
  try {
    const sealed = await sealUnderPassphrase(image, passphrase, scryptLogN);
    writeDurably(reserved.part, sealed);
    moveFile(dirname(path), reserved.part, path);
    return { path, size: sealed.length, ...counted };
  } catch (error) {
    reserved.giveUp();
    throw unwritable(error, path);
  }
}

/**
 * Restores into a folder without an identity. The whole backup is checked before the folder is touched.
 * @throws WaxwingError `backup-missing`, `backup-damaged`, `passphrase-wrong`, `home-not-empty`, `home-too-new`, …
 */
export async function restoreHome({ path, passphrase, home: target }: RestoreOptions): Promise<RestoreResult> {
  const backup = openBackup(path, await decrypt(path, passphrase));
  try {
    const kept = await loadIdentity(backup);
    if (kept === undefined) throw damaged(path);
    const madeAt = Number(
      backup.prepare<{ value: string }>('SELECT value FROM settings WHERE name = ?').get(MADE_AT)?.value ?? 0,
    );
    const now = target.now ?? Date.now;
    target.onGeneratingKeys?.();
    // §5.2: a device restored from a copy makes itself a new device id; sequence numbers would be used twice otherwise.
    const identity = {
      account: kept.account,
      device: await newDeviceOf(target.primitives ?? nodePrimitives, kept, now()),
    };
    const folder = await openFolder(target);
    try {
      if (hasIdentity(folder.database)) throw notEmpty(target.path);
      folder.database.transaction(() => {
        copyTables(backup, folder.database);
        saveIdentity(folder.database, identity, now());
        folder.database.prepare('DELETE FROM settings WHERE name = ?').run(MADE_AT);
      });
      const { lock, key, protection, database } = folder;
      const { profileLabel, primitives } = target;
      const home = new OpenHome({
        path: target.path,
        profileLabel,
        protection,
        created: false,
        identity,
        database,
        key,
        lock,
        now,
        primitives,
      });
      const [oldDevice, newDevice] = [kept, identity].map(({ device }) => toHex(device.bundle.device)) as [
        string,
        string,
      ];
      home.store.events.add('restored', {
        account: identity.device.bundle.account,
        detail: `${oldDevice} → ${newDevice}`,
      });
      return { home, ...counts(database), oldDevice, newDevice, madeAt };
    } catch (error) {
      folder.database.close();
      folder.lock.release();
      throw error;
    }
  } finally {
    backup.close();
  }
}

/** Takes the name at once, so that nothing which appears there meanwhile is overwritten. */
function reserve(path: string): { readonly part: string; giveUp(): void } {
  const part = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    throw unwritable(error, path);
  }
  return {
    part,
    giveUp: () => {
      rmSync(path, { force: true });
      rmSync(part, { force: true });
    },
  };
}

async function decrypt(path: string, passphrase: string): Promise<Uint8Array> {
  let sealed: Buffer;
  try {
    sealed = readFileSync(path);
  } catch (error) {
    throw new WaxwingError('backup-missing', `${path} cannot be read.`, 'Check the path of the backup.', {
      cause: error,
    });
  }
  if (!isAgeFile(sealed)) throw damaged(path);
  const image = await openUnderPassphrase(sealed, passphrase);
  if (image === undefined) throw damaged(path);
  return image;
}

function openBackup(path: string, image: Uint8Array): Database {
  let database: Database | undefined;
  try {
    database = Database.openMemory(path, image);
    if (!isOurs(database) || database.pragma('integrity_check') !== 'ok') throw damaged(path);
    migrate(database);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof WaxwingError && error.code === 'home-damaged' ? damaged(path, error) : error;
  }
}

function counts(database: Database): { readonly messages: number; readonly peers: number } {
  const count = (table: string): number =>
    database.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0;
  return { messages: count('messages'), peers: count('peers') };
}

function damaged(path: string, cause?: unknown): WaxwingError {
  return new WaxwingError(
    'backup-damaged',
    `${path} is not a whole backup of Waxwing.`,
    'Use another copy of it.',
    cause === undefined ? undefined : { cause },
  );
}

function notEmpty(path: string): WaxwingError {
  return new WaxwingError(
    'home-not-empty',
    `${path} has an identity already; restoring would overwrite it.`,
    'Restore into another one: waxwing restore FILE --profile NAME.',
  );
}

function unwritable(error: unknown, path: string): unknown {
  if (error instanceof WaxwingError) return error;
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EEXIST') {
      return new WaxwingError('backup-exists', `${path} exists already.`, 'Choose another file name.', {
        cause: error,
      });
    }
    const failure = diskFailure(error, path);
    if (failure instanceof WaxwingError && failure.code === 'disk-full') return failure;
    return new WaxwingError('backup-unwritable', `${path} cannot be written.`, 'Choose another place for the backup.', {
      cause: error,
    });
  }
  return error;
}
