/** From SQLite's columns to the SDK's values. */
import type { Bytes } from '@waxwing/protocol';

/** A blob as plain bytes (the driver gives Node's Buffer, which compares and prints otherwise). */
export function toBytes(blob: Uint8Array): Bytes {
  return new Uint8Array(blob.buffer as ArrayBuffer, blob.byteOffset, blob.length);
}

export function optionalBytes(blob: Uint8Array | null): Bytes | undefined {
  return blob === null ? undefined : toBytes(blob);
}

export function optionalNumber(value: number | null): number | undefined {
  return value ?? undefined;
}

export function optionalText(value: string | null): string | undefined {
  return value ?? undefined;
}
