/** Byte strings: joining, comparing, fixed-width integers (§1), text. */
import { base64, base64nopad, base64urlnopad, hex } from '@scure/base';

/** Bytes backed by an ordinary (not shared) buffer: what every platform API takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** `a ‖ b ‖ …` */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  let size = 0;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Equality in time that depends on the lengths alone (§1: every comparison with a secret or a MAC). */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Byte order as memcmp: negative, zero or positive. For public values only (it is not constant-time). */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const encoder = new TextEncoder();

/** ASCII or UTF-8 bytes of a string. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Below this, characters of ASCII are read one by one: that costs less than a decoder's call. */
const SHORT = 64;
/** And looked at one by one, without a text being made of them. */
const MIDDLING = 512;

/** Text of valid UTF-8 (a leading BOM is kept), or undefined where the bytes are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < SHORT) {
    let text = '';
    for (let i = 0; i < bytes.length && (bytes[i] as number) < 0x80; i++)
      text += String.fromCharCode(bytes[i] as number);
    if (text.length === bytes.length) return text;
  }
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether bytes are valid UTF-8. */
export function isText(bytes: Uint8Array): boolean {
  let ascii = 0;
  while (ascii < bytes.length && ascii < MIDDLING && (bytes[ascii] as number) < 0x80) ascii += 1;
  return ascii === bytes.length || textOf(bytes) !== undefined;
}

export function u8(value: number): Bytes {
  return new Uint8Array([value]);
}

export function u16(value: number): Bytes {
  const out = new Uint8Array(2);
  new DataView(out.buffer).setUint16(0, value);
  return out;
}

export function u32(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** Eight bytes, big-endian, of a number < 2^53. */
export function u64(value: number): Bytes {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return hex.encode(bytes);
}

/** Bytes of lower- or upper-case hex; throws a plain Error on anything else (trusted input only). */
export function fromHex(text: string): Bytes {
  return hex.decode(text) as Bytes;
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return base64.encode(bytes);
}

/** Bytes of canonical standard base64 (padding present, no stray bits), or undefined. */
export function fromBase64(text: string): Bytes | undefined {
  try {
    return base64.decode(text) as Bytes;
  } catch {
    return undefined;
  }
}

/** Standard base64 without padding (fingerprints, §2). */
export function toBase64Unpadded(bytes: Uint8Array): string {
  return base64nopad.encode(bytes);
}

/** Bytes of canonical unpadded standard base64, or undefined. */
export function fromBase64Unpadded(text: string): Bytes | undefined {
  try {
    return base64nopad.decode(text) as Bytes;
  } catch {
    return undefined;
  }
}

/** base64url without padding (links, §11.2). */
export function toBase64Url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** Bytes of canonical unpadded base64url, or undefined. */
export function fromBase64Url(text: string): Bytes | undefined {
  try {
    return base64urlnopad.decode(text) as Bytes;
  } catch {
    return undefined;
  }
}
