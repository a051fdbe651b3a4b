/** What the wire's subset of CBOR can express (§1.1). */
import { ProtocolError } from '../errors.ts';

/** Byte strings that a decoder returns are `Bytes`: copies of their own. */
export type CborValue = number | string | Uint8Array | readonly CborValue[];

/** The upper three bits of a head. */
export const MAJOR = { uint: 0, bytes: 2, text: 3, array: 4 } as const;

/** Forms of a head, its lower five bits: below 24 the number itself, then its size in bytes: 1, 2, 4, 8. */
export const FORM = { one: 24, two: 25, four: 26, eight: 27 } as const;

export function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('cbor', check, message);
}
