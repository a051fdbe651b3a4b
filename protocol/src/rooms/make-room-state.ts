/** Making a state of a room (§10.1): the next one after a change, or the first. */
import type { Bytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { signStatement } from '../keys/profile.ts';
import { HASH_SIZE, SYMMETRIC_KEY_SIZE } from '../limits.ts';
import { type Primitives, type RsaPrivateKey, SecretKey } from '../primitives.ts';
import { checkChange, membersAfter, type RoomChange } from './change.ts';
import { encodeMemberFile, type RoomMember } from './member-file.ts';
import type { Signed } from './room-item.ts';
import type { RoomState } from './room-state.ts';
import {
  type ChangeKind,
  encodeLeaveStatement,
  encodeRoomStatement,
  type LeaveStatement,
  roomIdOf,
  secretHash,
} from './room-statement.ts';

/** Who makes it, and when. */
export interface RoomMaker {
  readonly me: { readonly account: Bytes; readonly device: Bytes };
  readonly signKey: RsaPrivateKey;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface MadeRoomState {
  readonly state: RoomState;
  readonly secret: SecretKey;
}

/**
 * The first state of a new room, whose one admin is its maker.
 * @throws ProtocolError `room`, check `file` or `grammar`, for members or a name that no room can have
 */
export function makeFirstState(
  p: Primitives,
  maker: RoomMaker,
  room: { readonly name: string; readonly members: readonly Party[] },
): Promise<MadeRoomState> {
  const { me } = maker;
  const prev = p.randomBytes(HASH_SIZE);
  const members: RoomMember[] = [
    { ...me, role: 'admin' },
    ...room.members.map(({ account, device }) => ({
      account: new Uint8Array(account),
      device: new Uint8Array(device),
      role: 'member' as const,
    })),
  ];
  const place = { room: roomIdOf(p, { by: me, prev }), epoch: 1, prev };
  return make(p, maker, { place, change: 'create', name: room.name, members, before: undefined, leaves: [] });
}

/**
 * The state that a change makes of the one before. For `leave`, `leaves` are the statements of those who leave.
 * @throws ProtocolError `room`, check `file`, `grammar` or `change`, for a change that the table does not allow
 */
export function makeNextState(
  p: Primitives,
  maker: RoomMaker,
  next: { readonly before: RoomState; readonly change: RoomChange; readonly leaves: readonly Signed[] },
): Promise<MadeRoomState> {
  const { before, change, leaves } = next;
  const { says } = before;
  return make(p, maker, {
    place: { room: says.room, epoch: says.epoch + 1, prev: before.state },
    change: change.change,
    name: change.change === 'name' ? change.name : says.name,
    members: membersAfter(before.file.members, change),
    before,
    leaves,
  });
}

interface Making {
  readonly place: { readonly room: Bytes; readonly epoch: number; readonly prev: Bytes };
  readonly change: ChangeKind;
  readonly name: string;
  readonly members: readonly RoomMember[];
  readonly before: RoomState | undefined;
  readonly leaves: readonly Signed[];
}

async function make(p: Primitives, { me, signKey, now }: RoomMaker, making: Making): Promise<MadeRoomState> {
  const { place, change, name, members, before, leaves } = making;
  const file = encodeMemberFile(p, members);
  const secret = new SecretKey(p.randomBytes(SYMMETRIC_KEY_SIZE));
  const says = {
    ...place,
    by: me,
    change,
    name,
    members: file.hash,
    count: file.members.length,
    secret: secretHash(p, secret),
    made: now,
  };
  const statement = encodeRoomStatement(says);
  checkChange(before, { says, file });
  const signature = await signStatement(p, signKey, statement);
  return { state: { state: p.sha256(statement), says, statement, signature, file, leaves }, secret };
}

/** A signed word that this device leaves. */
export async function signLeave(
  p: Primitives,
  { me, signKey, now }: RoomMaker,
  room: Bytes,
): Promise<Signed & { readonly says: LeaveStatement }> {
  const says = { room, by: me, made: now };
  const statement = encodeLeaveStatement(says);
  return { says, statement, signature: await signStatement(p, signKey, statement) };
}
