/**
 * The database key beside the database: `key`, 32 random bytes, or `key.age`, the same under a passphrase. Changing
 * from one to the other passes through renames only, and a file tells by its content what it is, so that at every
 * moment there is exactly one key, whenever the machine stops.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { SecretKey } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import { isAgeFile } from './passphrase.ts';

export const DATABASE_KEY_SIZE = 32;

export type KeyFile =
  | { readonly protection: 'key-file'; readonly key: SecretKey }
  | { readonly protection: 'passphrase'; readonly sealed: Uint8Array };

const plainPath = (folder: string): string => join(folder, 'key');
const sealedPath = (folder: string): string => join(folder, 'key.age');
const newPath = (folder: string): string => join(folder, 'key.new');

/** The key file of a home, if there is one. Changes nothing. @throws WaxwingError `home-damaged` */
export function readKeyFile(folder: string): KeyFile | undefined {
  const path = [sealedPath(folder), plainPath(folder)].find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  const bytes = readFileSync(path);
  if (isAgeFile(bytes)) return { protection: 'passphrase', sealed: new Uint8Array(bytes) };
  if (bytes.length === DATABASE_KEY_SIZE) return { protection: 'key-file', key: new SecretKey(bytes) };
  throw new WaxwingError(
    'home-damaged',
    `The key file in ${folder} is damaged: ${bytes.length} bytes instead of ${DATABASE_KEY_SIZE}.`,
    'Put the file back from a copy, or restore a backup with waxwing restore FILE --profile NAME.',
  );
}

/** Ends what an interrupted change left, and takes others' rights away. */
export function tidyKeyFile(folder: string): void {
  rmSync(newPath(folder), { force: true });
  const plain = plainPath(folder);
  if (existsSync(plain) && isAgeFile(readFileSync(plain))) moveFile(folder, plain, sealedPath(folder));
  for (const path of [plain, sealedPath(folder)]) {
    if (existsSync(path) && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  }
}

/** The first key of a home. */
export function createKeyFile(folder: string, key: SecretKey): void {
  writeDurably(newPath(folder), key.exposeSecretBytes());
  moveFile(folder, newPath(folder), plainPath(folder));
}

/** `key` → `key.age`, and the old bytes overwritten (a file system that never writes in place may keep them). */
export function sealKeyFile(folder: string, sealed: Uint8Array): void {
  writeDurably(newPath(folder), sealed);
  const old = openSync(plainPath(folder), 'r+');
  try {
    moveFile(folder, newPath(folder), plainPath(folder));
    writeSync(old, new Uint8Array(DATABASE_KEY_SIZE), 0, DATABASE_KEY_SIZE, 0);
    fsyncSync(old);
  } finally {
    closeSync(old);
  }
  moveFile(folder, plainPath(folder), sealedPath(folder));
}

/** `key.age` → `key`. */
export function unsealKeyFile(folder: string, key: SecretKey): void {
  writeDurably(newPath(folder), key.exposeSecretBytes());
  moveFile(folder, sealedPath(folder), plainPath(folder));
  moveFile(folder, newPath(folder), plainPath(folder));
}

/** Writes a 0600 file and waits until the disk has it. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  rmSync(path, { force: true });
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Renames, and waits until the folder's entry is on the disk. */
export function moveFile(folder: string, from: string, to: string): void {
  renameSync(from, to);
  const entry = openSync(folder, 'r');
  try {
    fsyncSync(entry);
  } finally {
    closeSync(entry);
  }
}
