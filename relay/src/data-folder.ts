/** A relay's data folder: the database, and beside it the socket of the one that runs. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Primitives } from '@waxwing/protocol/wire';
import { isRelayError, RelayError } from './errors.ts';
import { renewRestored } from './identity.ts';
import { diskFailure } from './store/sql/disk-failure.ts';
import { openSqlite, type SqliteFile } from './store/sql/sqlite.ts';

const DATABASE = 'relay.db';
/** Behind its name while a backup is made a relay of. */
const DRAFT = '.restoring';

/** Whether a relay has ever been started in this folder. */
export function holdsRelay(data: string): boolean {
  return existsSync(join(data, DATABASE));
}

/**
 * Opens the database of a folder, and makes both where there is none.
 * @throws RelayError `relay-running`, `relay-disk`, `relay-damaged`, `relay-too-new`
 */
export function openData(data: string, p: Pick<Primitives, 'sha256'>): SqliteFile {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw diskFailure(error, data);
  }
  return openSqlite(join(data, DATABASE), p);
}

/**
 * A backup into a folder that holds no relay yet. The relay is the same account there, and a new device (§2).
 * @throws RelayError `relay-not-empty`, `relay-backup-damaged`, `relay-disk`
 */
export async function restoreData(file: string, data: string, p: Primitives, now = Date.now()): Promise<void> {
  if (holdsRelay(data)) {
    throw new RelayError(
      'relay-not-empty',
      `There is a relay in ${data} already.`,
      'Choose an empty folder with --data, or move that relay away first.',
    );
  }
  // Under another name until it is whole: a restore that is cut short leaves no relay, neither half of one nor the old device.
  const draft = join(data, `${DATABASE}${DRAFT}`);
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    forget(draft);
    copyFileSync(file, draft);
    chmodSync(draft, 0o600);
  } catch (error) {
    forget(draft);
    throw diskFailure(error, file);
  }
  try {
    const { store } = openSqlite(draft, p);
    const whole = await renewRestored(p, store, now);
    await store.close();
    if (!whole) throw damaged(file);
    renameSync(draft, join(data, DATABASE));
  } catch (error) {
    forget(draft);
    throw isRelayError(error, 'relay-backup-damaged') ? error : damaged(file, error);
  }
}

function forget(database: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
}

function damaged(file: string, cause?: unknown): RelayError {
  return new RelayError('relay-backup-damaged', `${file} is no whole backup of a relay.`, 'Try an older backup.', {
    cause,
  });
}
