/**
 * Wire structures: a closed subset of deterministic CBOR (§1.1). Unsigned integers < 2^53, byte strings, text strings,
 * arrays; shortest heads, definite lengths, nothing else. Here, their shapes.
 */
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
import type { Bytes } from '../bytes.ts';
import { MAX_SAFE_UINT } from '../limits.ts';
import { decodeCbor } from './cbor-decoder.ts';
import { type CborValue, refuse } from './cbor-value.ts';

export { decodeCbor } from './cbor-decoder.ts';
export { cborSize, encodeCbor } from './cbor-encoder.ts';
export type { CborValue } from './cbor-value.ts';

const ABORT_EARLY = { abortEarly: true, abortPipeEarly: true } as const;

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
