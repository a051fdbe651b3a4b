/**
 * A recorded session: one JSON object a line, exactly what X-ray shows. Secrets stand in it by their marks, texts not at
 * all; only a lab identity's are there as they are, and the first line says so.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { WaxwingError } from '@waxwing/client';
import { safeJson } from '../output.ts';
import { VERSION } from '../version.ts';
import type { Block } from './block.ts';
import type { RecordingHeader, RecordingLine } from './recording-line.ts';

const LARGEST = 64 * 2 ** 20;

export interface RecordingOptions {
  readonly path: string;
  readonly role: RecordingHeader['role'];
  readonly lab: boolean;
  readonly now: number;
  /** Where it ends by itself, bytes: a flood must not fill the disk. */
  readonly largest?: number;
}

export class Recording {
  readonly path: string;
  readonly #file: number;
  readonly #largest: number;
  #frames = 0;
  #size = 0;
  #open = true;

  private constructor(path: string, file: number, largest: number) {
    this.path = path;
    this.#file = file;
    this.#largest = largest;
  }

  /** Begins a new file that only its owner can read. @throws WaxwingError `file-exists`, `file-unwritable` */
  static begin({ path, role, lab, now, largest = LARGEST }: RecordingOptions): Recording {
    let file: number;
    try {
      file = openSync(path, 'wx', 0o600);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
        throw new WaxwingError(
          'file-exists',
          `${path} exists already; a recording overwrites nothing.`,
          'Choose another file name for --record.',
          { cause: error },
        );
      }
      throw unwritable(path, error);
    }
    const recording = new Recording(path, file, largest);
    recording.#write({ kind: 'waxwing-xray', version: 1, program: VERSION, role, lab, madeAt: now });
    return recording;
  }

  get open(): boolean {
    return this.#open;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Adds a block. Whether there was room; if not, it has ended. @throws WaxwingError `file-unwritable`: it has ended */
  add(block: Block): boolean {
    if (!this.#open) return false;
    if (this.#size >= this.#largest) {
      this.end('full');
      return false;
    }
    this.#write({ kind: 'block', ...block });
    this.#frames += 1;
    return true;
  }

  /** Twice is harmless. */
  end(why: 'closed' | 'full' = 'closed'): void {
    if (!this.#open) return;
    this.#write({ kind: 'end', why, blocks: this.#frames });
    this.#close();
  }

  #write(line: RecordingLine): void {
    const bytes = Buffer.from(`${safeJson(line)}\n`);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      this.#close();
      throw unwritable(this.path, error);
    }
    this.#size += bytes.length;
  }

  #close(): void {
    this.#open = false;
    closeSync(this.#file);
  }
}

function unwritable(path: string, error: unknown): WaxwingError {
  return new WaxwingError('file-unwritable', `${path} cannot be written.`, 'Choose another place for --record.', {
    cause: error,
  });
}
