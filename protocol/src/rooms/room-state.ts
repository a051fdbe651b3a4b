/** A state of a room (§10.1): its signed statement, its member file, and the leave statements that a `leave` rests on. */
import type { Bytes } from '../bytes.ts';
import { SID_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import { decodeMemberFile, type MemberFile } from './member-file.ts';
import type { Signed } from './room-item.ts';
import { decodeRoomStatement, type RoomStatement } from './room-statement.ts';

export interface RoomState extends Signed {
  /** The room-state hash: H(statement), 32. */
  readonly state: Bytes;
  /** What the statement says. */
  readonly says: RoomStatement;
  readonly file: MemberFile;
  readonly leaves: readonly Signed[];
}

/** First 16 of a room-state hash, or of H(room id): `sid` and `to_device` of its envelopes (§10.3). */
export function firstHalf(hash: Bytes): Bytes {
  return hash.slice(0, SID_SIZE);
}

/** `to_device` of a room's envelopes, 16. */
export function roomAddress(p: Primitives, room: Uint8Array): Bytes {
  return firstHalf(p.sha256(room));
}

/**
 * The state of a statement and file that were judged before, or are now.
 * @throws ProtocolError `room`, check `grammar` or `file` (their form alone)
 */
export function readRoomState(
  p: Primitives,
  parts: Signed & { readonly file: Uint8Array; readonly leaves: readonly Signed[] },
): RoomState {
  const { statement, signature, leaves } = parts;
  const says = decodeRoomStatement(statement);
  return { state: p.sha256(statement), says, statement, signature, file: decodeMemberFile(p, parts.file), leaves };
}
