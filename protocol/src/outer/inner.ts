/** What an outer sealing holds (§9.2, §9.7): an envelope with its start, or a typing signal. */
import { type InferOutput, union } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, exactly, tuple } from '../codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { MAX_START, SID_SIZE } from '../limits.ts';

const ENVELOPE = 1;
const SIGNAL = 2;

/** `CBOR[1, envelope, start]` */
export interface InnerEnvelope {
  readonly kind: 'envelope';
  readonly envelope: Bytes;
  /** §9.2; empty once the peer has answered. */
  readonly start: Bytes;
}

/** `CBOR[2, sid, box]` */
export interface InnerSignal {
  readonly kind: 'signal';
  /** 16: the session whose typing key opens `box`. */
  readonly sid: Bytes;
  readonly box: Bytes;
}

export type Inner = InnerEnvelope | InnerSignal;

const INNER = union([
  tuple([exactly(ENVELOPE), bytes(), bytesBetween(0, MAX_START)]),
  tuple([exactly(SIGNAL), bytes(SID_SIZE), bytes()]),
]);

export function encodeInner(inner: Inner): Bytes {
  return inner.kind === 'envelope'
    ? encodeCbor([ENVELOPE, inner.envelope, inner.start])
    : encodeCbor([SIGNAL, inner.sid, inner.box]);
}

/** @throws ProtocolError `outer`, check `inner`, for anything but a canonical inner of a known kind */
export function decodeInner(encoded: Uint8Array): Inner {
  let fields: InferOutput<typeof INNER>;
  try {
    fields = decodeCborAs(INNER, encoded);
  } catch (cause) {
    if (!isProtocolError(cause, 'cbor')) throw cause;
    throw new ProtocolError('outer', 'inner', 'What an outer sealing holds is not well-formed.', { cause });
  }
  const [kind, first, second] = fields;
  return kind === ENVELOPE
    ? { kind: 'envelope', envelope: first, start: second }
    : { kind: 'signal', sid: first, box: second };
}
