/** From a column's value to plain bytes: drivers give Node's Buffer, which compares and prints otherwise. */
import type { Bytes } from '@waxwing/protocol/wire';

export function toBytes(blob: Uint8Array): Bytes {
  return new Uint8Array(blob.buffer as ArrayBuffer, blob.byteOffset, blob.length);
}
