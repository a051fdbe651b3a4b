/** `hdr = CBOR[1, kind, sid, to_device, dh, pn, n, pe]` (§5): what everyone may read, bound by every layer. */
import type { InferOutput } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, decodeCborAs, encodeCbor, exactly, tuple, uint } from '../codec/cbor.ts';
import { ProtocolError } from '../errors.ts';
import { DEVICE_ID_SIZE, MAX_U32, SID_SIZE, X25519_SIZE } from '../limits.ts';

/** Suite 1 (§1.3), the only one. */
const VERSION = 1;

export const KIND_LIVE = 0;
export const KIND_MAILBOX = 1;
export const KIND_ROOM = 2;

export interface Header {
  readonly kind: number;
  /** 16: the channel's. */
  readonly sid: Bytes;
  /** 16: the recipient's device. */
  readonly toDevice: Bytes;
  /** 32: the sender's ratchet key. */
  readonly dh: Bytes;
  readonly pn: number;
  readonly n: number;
  /** Post-quantum epoch (§6). */
  readonly pe: number;
}

const HEADER = tuple([
  exactly(VERSION),
  uint(KIND_ROOM),
  bytes(SID_SIZE),
  bytes(DEVICE_ID_SIZE),
  bytes(X25519_SIZE),
  uint(MAX_U32),
  uint(MAX_U32),
  uint(MAX_U32),
]);

export function encodeHeader(header: Header): Bytes {
  const { kind, sid, toDevice, dh, pn, n, pe } = header;
  return encodeCbor([VERSION, kind, sid, toDevice, dh, pn, n, pe]);
}

/** @throws ProtocolError `envelope-0` for anything but a canonical header */
export function decodeHeader(encoded: Uint8Array): Header {
  let fields: InferOutput<typeof HEADER>;
  try {
    fields = decodeCborAs(HEADER, encoded);
  } catch (error) {
    throw new ProtocolError('envelope-0', 'header', 'the header is not well-formed', { cause: error });
  }
  const [, kind, sid, toDevice, dh, pn, n, pe] = fields;
  return { kind, sid, toDevice, dh, pn, n, pe };
}
