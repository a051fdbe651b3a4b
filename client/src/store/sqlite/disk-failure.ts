/** What went wrong with the disk, from SQLite's and the system's codes to one typed error. */
import { WaxwingError } from '../../errors.ts';

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/**
 * The WaxwingError for a failure of disk, file system or SQLite; anything else (a bug, a typed error) comes back as it
 * is. `place` is what the sentence names: the home's path.
 */
export function diskFailure(error: unknown, place: string): unknown {
  const code = codeOf(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') {
    return new WaxwingError(
      'disk-full',
      `The disk of ${place} is full; nothing of this step was kept.`,
      'Free some space and try again, or go on in memory.',
      { cause: error },
    );
  }
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return readOnly(place, error);
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_AUTH') || code.startsWith('SQLITE_PERM')) {
    return readOnly(place, error);
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new WaxwingError(
      'home-locked',
      `Another process is using ${place}.`,
      'End it, or choose another home with --profile NAME.',
      { cause: error },
    );
  }
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return new WaxwingError(
      'home-damaged',
      `The database in ${place} is damaged, or its key is not the one beside it.`,
      'Restore a backup with waxwing restore FILE --profile NAME.',
      { cause: error },
    );
  }
  if (code.startsWith('SQLITE_IOERR') || code === 'EIO' || code === 'ENOTDIR' || code === 'EMFILE') {
    return new WaxwingError(
      'home-io',
      `The disk of ${place} failed to read or write; nothing of this step was kept.`,
      'Check the disk, then try again.',
      { cause: error },
    );
  }
  return error;
}

function readOnly(place: string, cause: unknown): WaxwingError {
  return new WaxwingError(
    'home-read-only',
    `${place} cannot be written.`,
    'Make it writable for you, choose another home with WAXWING_HOME, or go on in memory.',
    { cause },
  );
}
