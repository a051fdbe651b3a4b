/** The two statements of a room (§10.1): what signs a state of it, and what a device signs that leaves. */
import { type Bytes, concat, fromBase64, textOf, toBase64, toHex, utf8 } from '../bytes.ts';
import { decimalOf, decodeStatement, encodeStatement, hexOf } from '../codec/statement.ts';
import type { Party } from '../envelope/message-statement.ts';
import { isProtocolError } from '../errors.ts';
import { KIND_ROOM_LEAVE, KIND_ROOM_STATE, PREFIX_EPOCH, PREFIX_ROOM_ID } from '../labels.ts';
import { HASH_SIZE, MAX_NAME_CHARACTERS, MAX_ROOM_MEMBERS, MAX_ROOM_NAME, MAX_U32 } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { decodeParty, encodeParty } from './party.ts';
import { refuseRoom } from './refusal.ts';

const CHANGES = ['create', 'add', 'remove', 'leave', 'role', 'name', 'fresh'] as const;

export type ChangeKind = (typeof CHANGES)[number];

export interface RoomStatement {
  /** 32 */
  readonly room: Bytes;
  /** From 1. */
  readonly epoch: number;
  /** H of the state before, 32; in epoch 1 random. */
  readonly prev: Bytes;
  readonly by: { readonly account: Bytes; readonly device: Bytes };
  readonly change: ChangeKind;
  /** 1..64 NFC characters, 256 bytes at most. */
  readonly name: string;
  /** H(member file), 32. */
  readonly members: Bytes;
  /** Lines of the member file. */
  readonly count: number;
  /** H("waxwing/1 epoch\n" ‖ epoch secret), 32. */
  readonly secret: Bytes;
  /** Unix milliseconds. */
  readonly made: number;
}

export interface LeaveStatement {
  /** 32 */
  readonly room: Bytes;
  readonly by: { readonly account: Bytes; readonly device: Bytes };
  /** Unix milliseconds. */
  readonly made: number;
}

const NAMES = ['room', 'epoch', 'prev', 'by', 'change', 'name', 'members', 'count', 'secret', 'made'] as const;
const LEAVE_NAMES = ['room', 'by', 'made'] as const;
const HASH = 'sha256:';

/** H("waxwing/1 room id\n" ‖ account ‖ device ‖ prev), 32: account and device are those of `by` in epoch 1. */
export function roomIdOf(p: Primitives, { by, prev }: { readonly by: Party; readonly prev: Uint8Array }): Bytes {
  return p.sha256(concat(PREFIX_ROOM_ID, by.account, by.device, prev));
}

/** H("waxwing/1 epoch\n" ‖ epoch secret), 32. */
export function secretHash(p: Primitives, secret: SecretKey): Bytes {
  return p.sha256(concat(PREFIX_EPOCH, secret.exposeSecretBytes()));
}

/** @throws ProtocolError `room`, check `grammar`, for a name outside its form */
export function encodeRoomStatement(statement: RoomStatement): Bytes {
  if (nameOf(toBase64(utf8(statement.name))) !== statement.name) {
    throw refuse(
      `A room's name has 1 to ${MAX_NAME_CHARACTERS} characters in NFC, and ${MAX_ROOM_NAME} bytes at most.`,
    );
  }
  return encodeStatement(KIND_ROOM_STATE, [
    ['room', toHex(statement.room)],
    ['epoch', String(statement.epoch)],
    ['prev', toHex(statement.prev)],
    ['by', encodeParty(statement.by)],
    ['change', statement.change],
    ['name', toBase64(utf8(statement.name))],
    ['members', HASH + toHex(statement.members)],
    ['count', String(statement.count)],
    ['secret', HASH + toHex(statement.secret)],
    ['made', String(statement.made)],
  ]);
}

/** @throws ProtocolError `room`, check `grammar`, for anything that does not re-serialise to the same bytes */
export function decodeRoomStatement(bytes: Uint8Array): RoomStatement {
  const value = valuesOf(bytes, KIND_ROOM_STATE, NAMES);
  const epoch = known('epoch', decimalOf(value('epoch')));
  if (epoch < 1 || epoch > MAX_U32) throw refuse("A room's epoch is outside its range.");
  const count = known('count', decimalOf(value('count')));
  if (count < 1 || count > MAX_ROOM_MEMBERS) throw refuse(`A room has 1 to ${MAX_ROOM_MEMBERS} devices.`);
  return {
    room: known('room', hexOf(value('room'), HASH_SIZE)),
    epoch,
    prev: known('prev', hexOf(value('prev'), HASH_SIZE)),
    by: known('by', decodeParty(value('by'))),
    change: known(
      'change',
      CHANGES.find((change) => change === value('change')),
    ),
    name: known('name', nameOf(value('name'))),
    members: known('members', hashOf(value('members'))),
    count,
    secret: known('secret', hashOf(value('secret'))),
    made: known('made', decimalOf(value('made'))),
  };
}

export function encodeLeaveStatement({ room, by, made }: LeaveStatement): Bytes {
  return encodeStatement(KIND_ROOM_LEAVE, [
    ['room', toHex(room)],
    ['by', encodeParty(by)],
    ['made', String(made)],
  ]);
}

/** @throws ProtocolError `room`, check `grammar` */
export function decodeLeaveStatement(bytes: Uint8Array): LeaveStatement {
  const value = valuesOf(bytes, KIND_ROOM_LEAVE, LEAVE_NAMES);
  return {
    room: known('room', hexOf(value('room'), HASH_SIZE)),
    by: known('by', decodeParty(value('by'))),
    made: known('made', decimalOf(value('made'))),
  };
}

function valuesOf<const Name extends string>(
  bytes: Uint8Array,
  kind: string,
  names: readonly Name[],
): (name: Name) => string {
  try {
    const values = decodeStatement(bytes, kind, names);
    return (name) => values[names.indexOf(name)] as string;
  } catch (cause) {
    if (!isProtocolError(cause, 'statement')) throw cause;
    throw refuseRoom('grammar', `A statement ${kind} is not of its grammar.`, cause);
  }
}

function known<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw refuse(`The line of ${name} is not of its form.`);
  return value;
}

function hashOf(value: string): Bytes | undefined {
  return value.startsWith(HASH) ? hexOf(value.slice(HASH.length), HASH_SIZE) : undefined;
}

/** The name in this base64, or undefined where it is outside its form. */
function nameOf(value: string): string | undefined {
  const bytes = fromBase64(value);
  const name = bytes === undefined || bytes.length > MAX_ROOM_NAME ? undefined : textOf(bytes);
  if (name === undefined || name === '' || name !== name.normalize('NFC')) return undefined;
  return Array.from(name).length > MAX_NAME_CHARACTERS ? undefined : name;
}

function refuse(message: string): ReturnType<typeof refuseRoom> {
  return refuseRoom('grammar', message);
}
