/** Writing CBOR (§1.1): the size is known, and everything judged, before the first byte is written. */
import { type Bytes, utf8 } from '../bytes.ts';
import { MAX_CBOR_ARRAY, MAX_CBOR_DEPTH } from '../limits.ts';
import { type CborValue, FORM, MAJOR, refuse } from './cbor-value.ts';

/** The size of the one encoding of `value`, bytes. @throws ProtocolError `cbor` as `encodeCbor` */
export function cborSize(value: CborValue): number {
  return sizeOf(value, 0);
}

/** The one encoding of `value`. @throws ProtocolError `cbor` for what the subset cannot express (§1.1) */
export function encodeCbor(value: CborValue): Bytes {
  const out = new Uint8Array(sizeOf(value, 0));
  write(out, 0, value);
  return out;
}

/** Refuses what the subset cannot express, before anything is written. */
function sizeOf(value: CborValue, depth: number): number {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw refuse('uint', 'a number is no unsigned integer < 2^53');
    }
    return headSize(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw refuse('text', 'a text has a lone surrogate');
    const size = isAscii(value) ? value.length : utf8(value).length;
    return headSize(size) + size;
  }
  if (value instanceof Uint8Array) return headSize(value.length) + value.length;
  if (!Array.isArray(value)) {
    throw refuse('kind', 'only unsigned integers, byte strings, text strings and arrays are known');
  }
  if (depth === MAX_CBOR_DEPTH) throw refuse('depth', 'too many arrays inside one another');
  if (value.length > MAX_CBOR_ARRAY) throw refuse('array size', 'an array has too many items');
  let size = headSize(value.length);
  for (const item of value as readonly CborValue[]) size += sizeOf(item, depth + 1);
  return size;
}

/** Writes at `at`; returns where the next value goes. */
function write(out: Bytes, at: number, value: CborValue): number {
  if (typeof value === 'number') return writeHead(out, at, MAJOR.uint, value);
  if (typeof value === 'string') return writeText(out, at, value);
  if (value instanceof Uint8Array) {
    const start = writeHead(out, at, MAJOR.bytes, value.length);
    out.set(value, start);
    return start + value.length;
  }
  let next = writeHead(out, at, MAJOR.array, value.length);
  for (const item of value) next = write(out, next, item);
  return next;
}

function writeText(out: Bytes, at: number, text: string): number {
  if (!isAscii(text)) {
    const bytes = utf8(text);
    const start = writeHead(out, at, MAJOR.text, bytes.length);
    out.set(bytes, start);
    return start + bytes.length;
  }
  const start = writeHead(out, at, MAJOR.text, text.length);
  for (let i = 0; i < text.length; i++) out[start + i] = text.charCodeAt(i);
  return start + text.length;
}

function headSize(value: number): number {
  if (value < FORM.one) return 1;
  if (value < 2 ** 8) return 2;
  if (value < 2 ** 16) return 3;
  return value < 2 ** 32 ? 5 : 9;
}

/** The shortest head there is for a number. */
function writeHead(out: Bytes, at: number, major: number, value: number): number {
  const end = at + headSize(value);
  const size = end - at - 1;
  out[at] = (major << 5) | (size === 0 ? value : FORM.one + Math.log2(size));
  for (let i = end - 1, rest = value; i > at; i--, rest = Math.floor(rest / 256)) out[i] = rest; // its lowest byte
  return end;
}

/** Most texts on the wire are short and of such characters: written one by one they cost less than an encoder's call. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
