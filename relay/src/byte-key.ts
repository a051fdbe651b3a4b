/** Bytes as the key of a map: made several times as fast as hex, and never shown to anybody. */
export function byteKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
