/** Padding with a marker, `plain ‖ 80 ‖ 00…` up to a length that says little (§5.3, §11.3). PKCS#7 adds the last byte, 01. */
import type { Bytes } from '../bytes.ts';

const MARKER = 0x80;

/** `plain ‖ 80 ‖ 00…`, `length` − 1 bytes: PKCS#7 adds exactly one 01. `length` is at least |plain| + 2. */
export function padWithMarker(plain: Uint8Array, length: number): Bytes {
  const out = new Uint8Array(length - 1);
  out.set(plain);
  out[plain.length] = MARKER;
  return out;
}

/**
 * The plain text of padded bytes from which PKCS#7 is already gone, or undefined for anything but its one padding.
 * `lengthOf` gives the padded length, PKCS#7 included, for a plain text of so many bytes.
 */
export function unpadMarked(padded: Uint8Array, lengthOf: (size: number) => number | undefined): Bytes | undefined {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== MARKER || lengthOf(end) !== padded.length + 1) return undefined;
  return padded.slice(0, end);
}
