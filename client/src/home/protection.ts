/** Putting the database key under a passphrase, and taking it out again. */
import type { SecretKey } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import { diskFailure } from '../store/sqlite/disk-failure.ts';
import { type Home, OpenHome } from './home.ts';
import { sealKeyFile, unsealKeyFile } from './key-file.ts';
import { sealUnderPassphrase } from './passphrase.ts';

export interface ProtectOptions {
  /** log2 of scrypt's work; age's own default is 18 (about a second). */
  readonly scryptLogN?: number | undefined;
}

/** @throws WaxwingError `already-protected`, `passphrase-empty`, `disk-full`, `home-read-only` */
export async function protectHome(home: Home, passphrase: string, options: ProtectOptions = {}): Promise<void> {
  const { opened, key } = onDisk(home);
  if (opened.protection === 'passphrase') {
    throw new WaxwingError(
      'already-protected',
      'This home is under a passphrase already.',
      'To change it: waxwing id unprotect, then waxwing id protect.',
    );
  }
  const sealed = await sealUnderPassphrase(key.exposeSecretBytes(), passphrase, options.scryptLogN);
  changeKeyFile(opened, () => {
    sealKeyFile(opened.path, sealed);
    opened.protection = 'passphrase';
  });
}

/** The home is open, so its passphrase was given. @throws WaxwingError `not-protected`, `disk-full`, `home-read-only` */
export async function unprotectHome(home: Home): Promise<void> {
  const { opened, key } = onDisk(home);
  if (opened.protection !== 'passphrase') {
    throw new WaxwingError('not-protected', 'This home has no passphrase.', 'Give it one: waxwing id protect.');
  }
  changeKeyFile(opened, () => {
    unsealKeyFile(opened.path, key);
    opened.protection = 'key-file';
  });
}

function changeKeyFile(home: OpenHome, change: () => void): void {
  home.assertOpen(); // whoever waited for scrypt may find it closed
  try {
    change();
  } catch (error) {
    throw diskFailure(error, home.path);
  }
}

function onDisk(home: Home): { readonly opened: OpenHome; readonly key: SecretKey } {
  if (!(home instanceof OpenHome)) throw new TypeError('not a home of this module');
  home.assertOpen();
  if (home.key === undefined) {
    throw new WaxwingError(
      'home-read-only',
      'This home is in memory only; it has no key file to change.',
      'Open it from a disk that can be written.',
    );
  }
  return { opened: home, key: home.key };
}
