/**
 * One process, one home. The lock is the kernel's (through SQLite, on an empty file), so it ends with its process
 * however that ends; `owner` beside it only says who holds it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Driver from 'better-sqlite3-multiple-ciphers';
import { isWaxwingError, WaxwingError } from '../errors.ts';
import { diskFailure } from '../store/sqlite/disk-failure.ts';

export interface HomeLock {
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly profile: string | undefined;
}

/**
 * Takes the lock of a folder that exists.
 * @throws WaxwingError `home-locked` with the other's process id, `home-read-only`, `disk-full`
 */
export function lockHome(folder: string, profile: string | undefined): HomeLock {
  const owner = join(folder, 'owner');
  const lock = takeLock(folder, owner);
  try {
    // Also the first write of a session: a full disk shows here, before anything depends on it.
    writeFileSync(owner, JSON.stringify({ pid: process.pid, profile } satisfies Owner), { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw diskFailure(error, folder);
  }
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      rmSync(owner, { force: true });
      lock.close();
    },
  };
}

function takeLock(folder: string, owner: string): Driver {
  let lock: Driver | undefined;
  try {
    // Never open this file by other means in this process: closing any descriptor of it would drop the POSIX lock.
    lock = new Driver(join(folder, 'lock'), { timeout: 0 });
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const failure = diskFailure(error, folder);
    throw isWaxwingError(failure, 'home-locked') ? lockedBy(folder, owner, error) : failure;
  }
}

function lockedBy(folder: string, owner: string, cause: unknown): WaxwingError {
  const other = readOwner(owner);
  const who = other === undefined ? 'Another process' : `Process ${other.pid}`;
  const what = other?.profile === undefined ? `the home ${folder}` : `the profile ${other.profile}`;
  return new WaxwingError(
    'home-locked',
    `${who} is using ${what}; two at once would break its sequence of messages.`,
    'End that process, or choose another home with --profile NAME.',
    { cause },
  );
}

function readOwner(file: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof owner !== 'object' || owner === null || !('pid' in owner)) return undefined;
    if (typeof owner.pid !== 'number' || !Number.isSafeInteger(owner.pid)) return undefined;
    const profile = 'profile' in owner && typeof owner.profile === 'string' ? owner.profile : undefined;
    return { pid: owner.pid, profile };
  } catch {
    return undefined; // it is being written, or was left by a process that died
  }
}
