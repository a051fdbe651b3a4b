/** `envelope = CBOR[hdr, wrap, iv, ct, kc, tag]` and the bytes under its tag, `CBOR[hdr, wrap, iv, ct, kc]` (§5). */
import type { InferOutput } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, tuple } from '../codec/cbor.ts';
import { ProtocolError } from '../errors.ts';
import { CBC_BLOCK_SIZE, HASH_SIZE, IV_SIZE, MAX_FRAME, MIN_CIPHERTEXT, TAG_SIZE, WRAP_SIZE } from '../limits.ts';

/** What the tag covers. */
export interface EnvelopeBody {
  /** The header's encoding as it travelled. */
  readonly hdr: Bytes;
  /** Layer 2: the wrapped key, 256. */
  readonly wrap: Bytes;
  readonly iv: Bytes;
  /** Layer 1: at least 512, a multiple of 16. */
  readonly ct: Bytes;
  /** The key commitment, 32. */
  readonly kc: Bytes;
}

export interface Envelope extends EnvelopeBody {
  /** Layer 4, 32. */
  readonly tag: Bytes;
  /** CBOR[hdr, wrap, iv, ct, kc]: what the tag is over. */
  readonly covered: Bytes;
}

const ENVELOPE = tuple([
  bytes(),
  bytes(WRAP_SIZE),
  bytes(IV_SIZE),
  bytesBetween(MIN_CIPHERTEXT, MAX_FRAME),
  bytes(HASH_SIZE),
  bytes(TAG_SIZE),
]);

const ARRAY_OF_5 = 0x85;
const ARRAY_OF_6 = 0x86;
/** A byte string of 32 with its head of two bytes. */
const TAG_FIELD = 2 + TAG_SIZE;

/** CBOR[hdr, wrap, iv, ct, kc] */
export function encodeCovered(body: EnvelopeBody): Bytes {
  return encodeCbor([body.hdr, body.wrap, body.iv, body.ct, body.kc]);
}

/** The envelope of what the tag covers: the same fields in an array of six, so that nothing is encoded twice. */
export function encodeEnvelope(covered: Uint8Array, tag: Uint8Array): Bytes {
  const out = new Uint8Array(covered.length + TAG_FIELD);
  out.set(covered);
  out[0] = ARRAY_OF_6;
  out[covered.length] = 0x58; // a byte string, its length in one byte
  out[covered.length + 1] = TAG_SIZE;
  out.set(tag, covered.length + 2);
  return out;
}

/** @throws ProtocolError `envelope-0` for anything but a canonical envelope of the right sizes */
export function decodeEnvelope(encoded: Uint8Array): Envelope {
  if (encoded.length > MAX_FRAME)
    throw new ProtocolError('envelope-0', 'size', 'the envelope is larger than any frame');
  let fields: InferOutput<typeof ENVELOPE>;
  try {
    fields = decodeCborAs(ENVELOPE, encoded);
  } catch (error) {
    throw new ProtocolError('envelope-0', 'shape', 'the envelope is not well-formed', { cause: error });
  }
  const [hdr, wrap, iv, ct, kc, tag] = fields;
  if (ct.length % CBC_BLOCK_SIZE !== 0) {
    throw new ProtocolError('envelope-0', 'ciphertext size', 'the ciphertext is not of whole blocks');
  }
  // The bytes are the one encoding of these fields, so without the tag they are the five fields', but for the head.
  const covered = encoded.slice(0, encoded.length - TAG_FIELD);
  covered[0] = ARRAY_OF_5;
  return { hdr, wrap, iv, ct, kc, tag, covered };
}
