/** The frame of §3: `u32 length ‖ u8 type ‖ body`, length = 1 + |body|. */
import type { Bytes } from '../bytes.ts';

/** Frame types (§3). */
export const FRAME = { F1: 0x01, F2: 0x02, F3: 0x03, F4: 0x04, RECORD: 0x10, REJECT: 0x7f } as const;

/** Bytes before the body: length and type. They are the AAD of a record (§4). */
export const FRAME_HEADER_SIZE = 5;

/** One whole frame as it was received. */
export interface Frame {
  readonly type: number;
  /** What follows the header: a view of `bytes`. */
  readonly body: Bytes;
  /** The whole frame, the five header bytes included: what the transcript hashes. */
  readonly bytes: Bytes;
}

/** The five header bytes of a frame whose body has `bodySize` bytes. */
export function encodeFrameHeader(type: number, bodySize: number): Bytes {
  const out = new Uint8Array(FRAME_HEADER_SIZE);
  new DataView(out.buffer).setUint32(0, bodySize + 1);
  out[4] = type;
  return out;
}

/** The whole frame of a type and a body. Limits are the reader's (and the sealer's) to keep. */
export function encodeFrame(type: number, body: Uint8Array): Bytes {
  const out = new Uint8Array(FRAME_HEADER_SIZE + body.length);
  out.set(encodeFrameHeader(type, body.length));
  out.set(body, FRAME_HEADER_SIZE);
  return out;
}
