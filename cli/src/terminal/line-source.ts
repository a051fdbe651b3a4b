/** Cuts a byte stream into lines that can be messages, whatever its size and wherever its chunks end. */
import { Buffer } from 'node:buffer';

export type SourceLine =
  | { readonly kind: 'line'; readonly text: string }
  | {
      readonly kind: 'refused';
      readonly reason: 'not-utf-8' | 'too-long';
      readonly line: number;
      readonly bytes: number;
    };

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Lines end in `\n` or `\r\n`; a last line without one counts. A line that is not UTF-8, or longer than `maxBytes`, is
 * refused by its number, never changed or cut; no more than `maxBytes` of it are held.
 */
export class LineSource {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #size = 0; // bytes of the line so far, also of those no longer held
  #line = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in `chunk`. */
  push(chunk: Uint8Array): SourceLine[] {
    const lines: SourceLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, at));
      lines.push(this.#finish());
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  /** The last line, if it had no end. */
  end(): SourceLine[] {
    return this.#size === 0 ? [] : [this.#finish()];
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes + 1) this.#parts = [];
    else this.#parts.push(bytes);
  }

  #finish(): SourceLine {
    this.#line += 1;
    let bytes: Uint8Array = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    const size = this.#size;
    this.#parts = [];
    this.#size = 0;
    if (bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1);
    if (size > this.#maxBytes + 1 || bytes.length > this.#maxBytes) {
      return { kind: 'refused', reason: 'too-long', line: this.#line, bytes: size };
    }
    try {
      const text = this.#decoder.decode(bytes);
      return { kind: 'line', text: this.#line === 1 ? text.replace(/^\u{feff}/u, '') : text };
    } catch {
      return { kind: 'refused', reason: 'not-utf-8', line: this.#line, bytes: size };
    }
  }
}
