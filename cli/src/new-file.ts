/** Writing a file that the user named: nothing that lies there is ever replaced. */
import { existsSync, writeFileSync } from 'node:fs';
import { WaxwingError } from '@waxwing/client';

/** Before long work whose result goes there. @throws WaxwingError `file-exists` */
export function requireNew(path: string): void {
  if (existsSync(path)) throw taken(path);
}

/** Writes a file that must not be there yet. @throws WaxwingError `file-exists`, `file-unwritable` */
export function writeNewFile(path: string, contents: string | Uint8Array): void {
  try {
    writeFileSync(path, contents, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw taken(path, error);
    throw new WaxwingError('file-unwritable', `${path} cannot be written.`, 'Choose another place for it.', {
      cause: error,
    });
  }
}

function taken(path: string, cause?: Error): WaxwingError {
  return new WaxwingError('file-exists', `${path} exists already.`, 'Choose another file name.', { cause });
}
