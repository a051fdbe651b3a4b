/** Cuts a byte stream into frames, limits first (§3). */
import type { Bytes } from '../bytes.ts';
import { FRAME_HEADER_SIZE, type Frame } from '../codec/frame.ts';
import { ProtocolError } from '../errors.ts';

export { encodeFrame, FRAME, type Frame } from '../codec/frame.ts';

/** Size of the length that begins a frame; it counts what follows it. */
const LENGTH_SIZE = 4;

/**
 * Incremental reader: `push` what the stream gave, in pieces of any size, then call `next` until it gives undefined.
 * Between two pushes it holds at most one unfinished frame; its time is linear in the bytes received.
 */
export class FrameReader {
  #limit: number;
  /** Pieces received; unread from byte #at of piece #first on. */
  readonly #chunks: Uint8Array[] = [];
  #first = 0;
  #at = 0;
  readonly #length = new Uint8Array(LENGTH_SIZE);
  #lengthFilled = 0;
  #frame: Bytes | undefined;
  #frameFilled = 0;

  /** @param limit the largest frame accepted, prefix included */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Holds for every frame whose length has not been judged yet, also in bytes already pushed. */
  setLimit(limit: number): void {
    this.#limit = limit;
  }

  /** Takes bytes from the stream. They are read, and copied, by `next`; do not change them before. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /**
   * The next whole frame, or undefined where more bytes are needed.
   * @throws ProtocolError `frame` as soon as a length is known to be 0 or above the limit, and from then on
   */
  next(): Frame | undefined {
    if (this.#frame === undefined) {
      this.#lengthFilled += this.#readInto(this.#length, this.#lengthFilled);
      if (this.#lengthFilled < LENGTH_SIZE) return undefined;
      // Judged before anything is allocated for it (§3).
      const length = new DataView(this.#length.buffer).getUint32(0);
      if (length === 0) throw new ProtocolError('frame', 'empty', 'A frame of length 0 was received.');
      if (LENGTH_SIZE + length > this.#limit) {
        throw new ProtocolError(
          'frame',
          'limit',
          `A frame above the limit of ${String(this.#limit)} bytes was announced.`,
        );
      }
      this.#frame = new Uint8Array(LENGTH_SIZE + length);
      this.#frame.set(this.#length);
      this.#frameFilled = LENGTH_SIZE;
    }
    this.#frameFilled += this.#readInto(this.#frame, this.#frameFilled);
    if (this.#frameFilled < this.#frame.length) return undefined;
    const bytes = this.#frame;
    this.#frame = undefined;
    this.#lengthFilled = 0;
    return { type: bytes[LENGTH_SIZE] as number, body: bytes.subarray(FRAME_HEADER_SIZE), bytes };
  }

  /** Moves bytes received into `target` from `from` on; returns how many. */
  #readInto(target: Uint8Array, from: number): number {
    let filled = from;
    while (filled < target.length) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) break;
      const take = Math.min(target.length - filled, chunk.length - this.#at);
      target.set(chunk.subarray(this.#at, this.#at + take), filled);
      filled += take;
      this.#at += take;
      if (this.#at === chunk.length) {
        this.#first += 1;
        this.#at = 0;
      }
    }
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    }
    return filled - from;
  }
}
