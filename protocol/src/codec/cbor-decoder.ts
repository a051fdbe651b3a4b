/**
 * Reading CBOR (§1.1), canonically and totally: every byte is consumed, sizes are judged before anything is read or built,
 * and no head has a second form that is accepted, so that whatever decodes encodes to the same bytes again.
 */
import { textOf } from '../bytes.ts';
import { MAX_CBOR_ARRAY, MAX_CBOR_DEPTH } from '../limits.ts';
import { type CborValue, FORM, MAJOR, refuse } from './cbor-value.ts';

/**
 * The value that `bytes` encode. @throws ProtocolError `cbor` for anything but the one encoding of a value of the
 * subset; never anything else, and nothing larger than the input is built (§1.1)
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.left !== 0) throw refuse('encoding', 'something follows the value');
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice would be a view; a plain Uint8Array's is a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next value, inside so many arrays. */
  value(depth: number): CborValue {
    const initial = this.#byte();
    const major = initial >>> 5;
    if (major !== MAJOR.uint && major !== MAJOR.bytes && major !== MAJOR.text && major !== MAJOR.array) {
      throw refuse('kind', 'only unsigned integers, byte strings, text strings and arrays are known');
    }
    const form = initial & 0x1f;
    const number = form < FORM.one ? form : this.#longNumber(form);
    if (major === MAJOR.uint) return number;
    if (major === MAJOR.array) return this.#array(number, depth);
    if (number > this.left) throw refuse('encoding', 'a string is longer than what is there');
    const from = this.#at;
    this.#at += number;
    if (major === MAJOR.bytes) return this.#bytes.slice(from, this.#at);
    const text = textOf(this.#bytes.subarray(from, this.#at));
    if (text === undefined) throw refuse('text', 'a text string is not UTF-8');
    return text;
  }

  #array(size: number, depth: number): CborValue {
    if (size > MAX_CBOR_ARRAY) throw refuse('array size', 'an array has too many items');
    if (depth === MAX_CBOR_DEPTH) throw refuse('depth', 'too many arrays inside one another');
    if (size > this.left) throw refuse('array size', 'an array is longer than its bytes');
    const items: CborValue[] = [];
    while (items.length < size) items.push(this.value(depth + 1));
    return items;
  }

  /** A number behind its head, in the only form that has room for it and is not too long, and below 2^53. */
  #longNumber(form: number): number {
    if (form > FORM.eight) throw refuse('encoding', 'a head has no definite number');
    let number = 0;
    for (let size = 2 ** (form - FORM.one); size > 0; size--) number = number * 256 + this.#byte();
    const least = form === FORM.one ? FORM.one : 256 ** (2 ** (form - FORM.two));
    if (number < least) throw refuse('encoding', 'a head is longer than its number needs');
    if (!Number.isSafeInteger(number)) throw refuse('encoding', 'a number is not below 2^53');
    return number;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw refuse('encoding', 'the bytes end before the value');
    this.#at += 1;
    return byte;
  }
}
