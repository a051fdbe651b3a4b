/** How a state of a room and a leave statement travel in a pairwise session (§10.2): the bodies of two items. */
import type { InferOutput } from 'valibot';
import { union } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, list, tuple } from '../codec/cbor.ts';
import { isProtocolError } from '../errors.ts';
import { MAX_MEMBER_FILE, MAX_ROOM_MEMBERS, MAX_STATEMENT, SIGNATURE_SIZE, SYMMETRIC_KEY_SIZE } from '../limits.ts';
import { SecretKey } from '../primitives.ts';
import { refuseRoom } from './refusal.ts';

/** A statement and the signature over it, 256. */
export interface Signed {
  readonly statement: Bytes;
  readonly signature: Bytes;
}

/** The body of `application/waxwing-room`. */
export interface RoomItem extends Signed {
  /** The member file as it travelled. */
  readonly file: Bytes;
  /** The epoch secret; none for a device that the state leaves out, or from anyone but the state's maker. */
  readonly secret: SecretKey | undefined;
  /** The leave statements that make the change `leave`. */
  readonly leaves: readonly Signed[];
}

/** Whoever leaves is one of 64, and the maker stays. */
const MAX_LEAVES = MAX_ROOM_MEMBERS - 1;

export const SIGNED = tuple([bytesBetween(1, MAX_STATEMENT), bytes(SIGNATURE_SIZE)]);
const ITEM = tuple([
  bytesBetween(1, MAX_STATEMENT),
  bytes(SIGNATURE_SIZE),
  bytesBetween(1, MAX_MEMBER_FILE),
  union([bytes(SYMMETRIC_KEY_SIZE), bytes(0)]),
  list(SIGNED, 0, MAX_LEAVES),
]);

/** CBOR[statement, signature, file, secret or empty, leaves] */
export function encodeRoomItem({ statement, signature, file, secret, leaves }: RoomItem): Bytes {
  return encodeCbor([
    statement,
    signature,
    file,
    secret?.exposeSecretBytes() ?? new Uint8Array(0),
    leaves.map((leave) => [leave.statement, leave.signature]),
  ]);
}

/** @throws ProtocolError `room`, check `shape` */
export function decodeRoomItem(body: Uint8Array): RoomItem {
  const [statement, signature, file, secret, leaves] = shaped(ITEM, body);
  return {
    statement,
    signature,
    file,
    secret: secret.length === 0 ? undefined : new SecretKey(secret),
    leaves: leaves.map(([of, by]) => ({ statement: of, signature: by })),
  };
}

/** The body of `application/waxwing-room-leave`: CBOR[statement, signature]. */
export function encodeLeaveItem({ statement, signature }: Signed): Bytes {
  return encodeCbor([statement, signature]);
}

/** @throws ProtocolError `room`, check `shape` */
export function decodeLeaveItem(body: Uint8Array): Signed {
  const [statement, signature] = shaped(SIGNED, body);
  return { statement, signature };
}

function shaped<const Schema extends typeof ITEM | typeof SIGNED>(
  schema: Schema,
  body: Uint8Array,
): InferOutput<Schema> {
  try {
    return decodeCborAs(schema, body);
  } catch (cause) {
    if (!isProtocolError(cause, 'cbor')) throw cause;
    throw refuseRoom('shape', 'An item of a room is not of its shape.', cause);
  }
}
