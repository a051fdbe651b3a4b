/**
 * Wire structures: a closed subset of deterministic CBOR (§1.1). Unsigned integers < 2^53, byte strings, text strings,
 * arrays; shortest heads, definite lengths, nothing else. Decoders are canonical and total: every byte is consumed,
 * sizes are judged before anything is read, and no head has a second form that is accepted, so that whatever decodes
 * encodes to the same bytes again.
 */
import { decode, encode, type Token, Tokenizer } from 'cborg';
import {
  array,
  custom,
  type GenericSchema,
  type InferOutput,
  maxLength,
  minLength,
  pipe,
  type StrictTupleSchema,
  safeParse,
  strictTuple,
} from 'valibot';
import { type Bytes, textOf } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { MAX_CBOR_ARRAY, MAX_CBOR_DEPTH, MAX_SAFE_UINT } from '../limits.ts';

/** What the subset can express. Byte strings that a decoder returns are `Bytes`: copies of their own. */
export type CborValue = number | string | Uint8Array | readonly CborValue[];

const MAJOR_UINT = 0;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('cbor', check, message, options);
}

/** Tokens of one value, each judged before it is read: kinds, lengths, depth and number of items. */
class BoundedTokenizer extends Tokenizer {
  /** Items still to come in each open array, outermost first; before them what stands for the outside, without an end. */
  readonly #open: number[] = [Number.POSITIVE_INFINITY];

  override next(): Token {
    const major = (this.data[this._pos] as number) >>> 5;
    if (major !== MAJOR_UINT && major !== MAJOR_BYTES && major !== MAJOR_TEXT && major !== MAJOR_ARRAY) {
      throw refuse('kind', 'only unsigned integers, byte strings, text strings and arrays are known');
    }
    const token = super.next();
    const open = this.#open;
    (open[open.length - 1] as number) -= 1;
    if (major === MAJOR_ARRAY) {
      const size = token.value as number;
      if (size > MAX_CBOR_ARRAY) throw refuse('array size', 'an array has too many items');
      if (open.length > MAX_CBOR_DEPTH) throw refuse('depth', 'too many arrays inside one another');
      if (size > this.data.length - this._pos) throw refuse('array size', 'an array is longer than its bytes');
      open.push(size);
    } else if (token.byteValue !== undefined) {
      const text = textOf(token.byteValue); // of a text: cborg drops a leading BOM and mends what is not UTF-8
      if (text === undefined) throw refuse('text', 'a text string is not UTF-8');
      token.value = text;
    }
    while (open[open.length - 1] === 0) open.pop();
    return token;
  }
}

/** Shortest heads only, and none of a number that JavaScript does not hold. What else cborg knows stops at the tokenizer. */
const OPTIONS = { strict: true, allowBigInt: false, retainStringBytes: true };

const ABORT_EARLY = { abortEarly: true, abortPipeEarly: true } as const;

/** Refuses what the subset cannot express, before cborg would encode it as something else. */
function checkValue(value: CborValue, depth: number): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw refuse('uint', 'a number is no unsigned integer < 2^53');
    }
  } else if (typeof value === 'string') {
    if (!value.isWellFormed()) throw refuse('text', 'a text has a lone surrogate');
  } else if (Array.isArray(value)) {
    if (depth === MAX_CBOR_DEPTH) throw refuse('depth', 'too many arrays inside one another');
    if (value.length > MAX_CBOR_ARRAY) throw refuse('array size', 'an array has too many items');
    for (const item of value as readonly CborValue[]) checkValue(item, depth + 1);
  } else if (!(value instanceof Uint8Array)) {
    throw refuse('kind', 'only unsigned integers, byte strings, text strings and arrays are known');
  }
}

/** The one encoding of `value`. @throws ProtocolError `cbor` for what the subset cannot express (§1.1) */
export function encodeCbor(value: CborValue): Bytes {
  checkValue(value, 0);
  return encode(value);
}

/**
 * The value that `bytes` encode. @throws ProtocolError `cbor` for anything but the one encoding of a value of the
 * subset; never anything else, and nothing larger than the input is built (§1.1)
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  try {
    // A Buffer's slice would be a view; a plain Uint8Array's is a copy.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    return decode(plain, { tokenizer: new BoundedTokenizer(plain, OPTIONS) }) as CborValue;
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw refuse('encoding', 'the bytes are no canonical CBOR', { cause: error });
  }
}

/**
 * The value that `bytes` encode, in the shape that `schema` demands. @throws ProtocolError `cbor` (check `schema` where
 * only the shape is wrong)
 */
export function decodeCborAs<const Schema extends GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
): InferOutput<Schema> {
  return shapeAs(schema, decodeCbor(bytes));
}

/** A decoded value in the shape that `schema` demands. @throws ProtocolError `cbor`, check `schema` */
export function shapeAs<const Schema extends GenericSchema>(schema: Schema, value: CborValue): InferOutput<Schema> {
  const result = safeParse(schema, value, ABORT_EARLY);
  if (result.success) return result.output;
  const path = result.issues[0].path?.map((step) => String(step.key)).join('.') ?? '';
  throw refuse('schema', `the structure is not of its schema${path === '' ? '' : ` at ${path}`}`);
}

/** Schema: an unsigned integer, `max` included. */
export const uint = (max = MAX_SAFE_UINT) => custom<number>((value) => typeof value === 'number' && value <= max);

/** Schema: a byte string of exactly `size`, or of any size. */
export const bytes = (size?: number) =>
  custom<Bytes>((value) => value instanceof Uint8Array && (size === undefined || value.length === size));

/** Schema: a byte string of `min` to `max` bytes, ends included. */
export const bytesBetween = (min: number, max: number) =>
  custom<Bytes>((value) => value instanceof Uint8Array && value.length >= min && value.length <= max);

/** Schema: a text string, whole and matching `pattern` where one is given. */
export const text = (pattern?: RegExp) =>
  custom<string>((value) => typeof value === 'string' && (pattern === undefined || pattern.test(value)));

/** Schema: exactly this number or text. */
export const exactly = <const Value extends number | string>(wanted: Value) =>
  custom<Value>((value) => value === wanted);

/** Schema: any value of the subset. */
export const anyValue = () => custom<CborValue>(() => true);

/** Schema: an array of exactly these fields. */
export const tuple = <const Items extends readonly GenericSchema[]>(
  items: Items,
): StrictTupleSchema<Items, undefined> => strictTuple(items);

/** Schema: an array of `min` to `max` values of one shape, ends included. */
export const list = <const Item extends GenericSchema>(item: Item, min: number, max: number) =>
  pipe(array(item), minLength(min), maxLength(max));
