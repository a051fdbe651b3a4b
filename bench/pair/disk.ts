/** What this disk takes to force something onto it. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = Buffer.alloc(4_096, 1);

/** A file to append to. */
export class SyncedFile {
  readonly #descriptor: number;

  constructor(folder: string) {
    this.#descriptor = openSync(join(folder, 'sync'), 'a');
  }

  /** Milliseconds that it takes to force four kilobytes onto the disk. */
  time(): number {
    writeSync(this.#descriptor, BLOCK);
    const start = performance.now();
    fdatasyncSync(this.#descriptor);
    return performance.now() - start;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** `count` times in a row, ms each. */
export function timeSyncs(folder: string, count: number): number[] {
  const file = new SyncedFile(folder);
  const times = Array.from({ length: count }, () => file.time());
  file.close();
  return times;
}
