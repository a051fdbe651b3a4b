/** What all messages between a client and its relay share (§11.4): their numbers, their parts, their one failure. */
import type { GenericSchema, InferOutput } from 'valibot';
import { custom } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, type CborValue, list, shapeAs, uint } from '../codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { ENVELOPE_ID_SIZE, OUTER_LENGTHS, OUTER_OVERHEAD } from '../limits.ts';

/** The error for a message that is not of its op's shape: a misplaced record, which ends the channel. */
export function malformed(cause?: unknown): ProtocolError {
  const options = cause === undefined ? undefined : { cause };
  return new ProtocolError('record', 'relay message', 'A relay message is not of its shape.', options);
}

/** Decoded fields in the shape of their op. @throws ProtocolError `record`, check `relay message` */
export function shapedFields<const Schema extends GenericSchema>(
  schema: Schema,
  fields: readonly CborValue[],
): InferOutput<Schema> {
  try {
    return shapeAs(schema, fields);
  } catch (cause) {
    if (!isProtocolError(cause, 'cbor')) throw cause;
    throw malformed(cause);
  }
}

/** Schema: an outer blob of one of the eight sizes (§11.3), or of exactly `length` before its 80 bytes. */
export const outer = (length?: number) =>
  custom<Bytes>(
    (value) =>
      value instanceof Uint8Array && isOuterSize(value.length, length === undefined ? OUTER_LENGTHS : [length]),
    'outer',
  );

function isOuterSize(size: number, lengths: readonly number[]): boolean {
  return lengths.includes(size - OUTER_OVERHEAD);
}

/** Schema: a 0 or a 1, as a boolean's stand-in. */
export const flag = () => uint(1);

/** Schema: 1 to `max` ids of envelopes. */
export const ids = (max: number) => list(bytes(ENVELOPE_ID_SIZE), 1, max);
