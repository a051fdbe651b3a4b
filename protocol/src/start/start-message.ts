/** `start = CBOR[1, counter, entry, serial, X_e, ct, sealed]` (§9.2): what makes a session of one message. */
import type { InferOutput } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, exactly, tuple, uint } from '../codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { MAX_SEALED_BUNDLE, MAX_START, MIN_SEALED_BUNDLE, MLKEM_CT_SIZE, X25519_SIZE } from '../limits.ts';

const VERSION = 1;

export interface StartMessage {
  /** Of the prekey statement that was used. */
  readonly counter: number;
  /** Index of the entry and one more; 0 for a last resort. */
  readonly entry: number;
  /** Of the recipient's certificate that was used. */
  readonly serial: number;
  /** X_e, 32. */
  readonly ephemeral: Bytes;
  /** ct, 1088. */
  readonly ciphertext: Bytes;
  /** The initiator's bundle as an EtM box. */
  readonly sealed: Bytes;
}

const START = tuple([
  exactly(VERSION),
  uint(),
  uint(),
  uint(),
  bytes(X25519_SIZE),
  bytes(MLKEM_CT_SIZE),
  bytesBetween(MIN_SEALED_BUNDLE, MAX_SEALED_BUNDLE),
]);

export function encodeStart({ counter, entry, serial, ephemeral, ciphertext, sealed }: StartMessage): Bytes {
  return encodeCbor([VERSION, counter, entry, serial, ephemeral, ciphertext, sealed]);
}

/** @throws ProtocolError `start`, check `shape`, for anything but a canonical start of the right sizes */
export function decodeStart(encoded: Uint8Array): StartMessage {
  if (encoded.length > MAX_START) throw new ProtocolError('start', 'shape', 'A start is larger than any may be.');
  let fields: InferOutput<typeof START>;
  try {
    fields = decodeCborAs(START, encoded);
  } catch (cause) {
    if (!isProtocolError(cause, 'cbor')) throw cause;
    throw new ProtocolError('start', 'shape', 'A start is not well-formed.', { cause });
  }
  const [, counter, entry, serial, ephemeral, ciphertext, sealed] = fields;
  return { counter, entry, serial, ephemeral, ciphertext, sealed };
}
