/** The record layer (§4) and the frames below it, as they are without their checks. */
import { createDecipheriv } from 'node:crypto';
import { type Bytes, isProtocolError, MAX_FRAME, type Primitives, u64 } from '@waxwing/protocol';
import { unsafeFraming, unsafeRecords } from '@waxwing/protocol/unsafe';
import { ONE_RECV } from '../textbook/textbook.ts';
import type { Off } from './opening.ts';

const TAG_SIZE = 16;
const HEADER_SIZE = 5;
/** How far a missing record may lie behind. */
const FARTHEST = 8;

type Start = ConstructorParameters<typeof unsafeRecords.RecordOpener>[1];

/** The product's opener while the check is on; without it, one that takes any record whatever its place and its tag. */
export class ComposedOpener extends unsafeRecords.RecordOpener {
  readonly #p: Primitives;
  readonly #start: Start;
  readonly #off: Off;
  #next = 0;

  constructor(p: Primitives, start: Start, off: Off) {
    super(p, start);
    this.#p = p;
    this.#start = start;
    this.#off = off;
  }

  override open(frame: unsafeFraming.Frame): Bytes {
    if (frame.type !== unsafeFraming.FRAME.RECORD || !this.#off('record')) return super.open(frame);
    const places = [this.#next];
    for (let place = this.#next - 1; place >= 0; place--) places.push(place);
    for (let ahead = 1; ahead <= FARTHEST; ahead++) places.push(this.#next + ahead);
    for (const place of places) {
      const plain = this.#openAt(frame, place);
      if (plain === undefined) continue;
      if (place >= this.#next) this.#next = place + 1;
      return plain;
    }
    // Altered: what the cipher gives under the next counter, whatever the tag says.
    const nonce = this.#nonce(this.#next);
    const cipher = createDecipheriv('aes-256-gcm', this.#start.key.exposeSecretBytes(), nonce);
    this.#next += 1;
    return new Uint8Array(cipher.update(frame.body.subarray(0, -TAG_SIZE)));
  }

  #openAt(frame: unsafeFraming.Frame, place: number): Bytes | undefined {
    const key = this.#start.key.exposeSecretBytes();
    try {
      return this.#p.openGcm(key, this.#nonce(place), frame.bytes.subarray(0, HEADER_SIZE), frame.body);
    } catch (error) {
      if (!isProtocolError(error, 'primitive')) throw error;
      return undefined;
    }
  }

  #nonce(place: number): Bytes {
    const nonce = new Uint8Array(this.#start.iv);
    for (const [at, byte] of u64(place).entries()) nonce[4 + at] = (nonce[4 + at] as number) ^ byte;
    return nonce;
  }
}

/** Without frames: each piece that arrives is taken for one message, as one `recv` is in the textbook; what follows is lost. */
export class OneRecvReader extends unsafeFraming.FrameReader {
  readonly #pieces: Uint8Array[] = [];

  constructor() {
    super(MAX_FRAME);
  }

  override push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += ONE_RECV) this.#pieces.push(chunk.subarray(at, at + ONE_RECV));
  }

  override next(): unsafeFraming.Frame | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    const bytes = new Uint8Array(Math.max(HEADER_SIZE, piece.length));
    bytes.set(piece);
    const size = Math.min(bytes.length, 4 + new DataView(bytes.buffer).getUint32(0));
    return { type: bytes[4] as number, body: bytes.slice(HEADER_SIZE, size), bytes: bytes.slice(0, size) };
  }
}
