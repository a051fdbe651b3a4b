/** What went wrong with the disk, from SQLite's and the system's codes to one typed error. */
import { RelayError } from '../../errors.ts';

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

const SYSTEM = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ENOTDIR', 'EMFILE', 'ENOENT']);

/** The RelayError for a failure of disk, file system or SQLite; anything else comes back as it is. */
export function diskFailure(error: unknown, place: string): unknown {
  const code = codeOf(error);
  const options = { cause: error };
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new RelayError(
      'relay-running',
      `Another process serves from ${place}.`,
      'Stop that relay first, or choose another folder with --data.',
      options,
    );
  }
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return new RelayError(
      'relay-damaged',
      `The database ${place} is damaged.`,
      'Restore the newest backup: waxwing relay restore FILE --data DIR.',
      options,
    );
  }
  if (code.startsWith('SQLITE_') || SYSTEM.has(code)) {
    const full = code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT';
    return new RelayError(
      'relay-disk',
      full ? `The disk of ${place} is full.` : `${place} cannot be read or written (${code}).`,
      full ? 'Free some space; nothing that was acknowledged is lost.' : 'Check the path, its rights and the disk.',
      options,
    );
  }
  return error;
}
