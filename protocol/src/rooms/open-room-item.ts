/** Judging what came of a room in a pairwise session (§10.2): the checks in their order. Nothing is changed here. */
import { type Bytes, equalBytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { isProtocolError } from '../errors.ts';
import { type Certificate, isValidAt } from '../keys/certificate.ts';
import { verifyStatement } from '../keys/profile.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { addedAt } from './added.ts';
import { checkChange, gone } from './change.ts';
import { decodeMemberFile, isAdmin, memberOf } from './member-file.ts';
import { sameParty } from './party.ts';
import { refuseRoom } from './refusal.ts';
import { decodeLeaveItem, decodeRoomItem, type Signed } from './room-item.ts';
import type { RoomState } from './room-state.ts';
import {
  decodeLeaveStatement,
  decodeRoomStatement,
  type LeaveStatement,
  roomIdOf,
  secretHash,
} from './room-statement.ts';

/** The certificates known of a device, newest first; none where its bundle is still to be fetched. */
export type Certificates = (party: Party) => readonly Certificate[];

export interface RoomItemContext {
  readonly me: Party;
  /** The device in whose session the item came. */
  readonly from: Party;
  /** The id of the room, 32; undefined where none is held. */
  readonly room: Uint8Array | undefined;
  /** What is held of the room. */
  readonly states: readonly RoomState[];
  /** The newest of them. */
  readonly newest: RoomState | undefined;
  readonly certificates: Certificates;
}

export interface OpenedRoomItem {
  readonly state: RoomState;
  /** Whether this state was held before. */
  readonly held: boolean;
  readonly secret: SecretKey | undefined;
}

/**
 * The state that an item `application/waxwing-room` brings.
 * @throws ProtocolError `room`, check `shape`, `grammar`, `file`, `room id`, `by`, `known`, `epoch`, `change`, `leaves`,
 *   `signature` or `secret`: of several faults the first in this order; `bundle` in place of `leaves` or `signature` where
 *   the certificate of a signer is still to be fetched. After `known` and `bundle` the item is good for another try
 */
export async function openRoomItem(p: Primitives, context: RoomItemContext, body: Uint8Array): Promise<OpenedRoomItem> {
  const item = decodeRoomItem(body);
  const { secret } = item;
  const says = decodeRoomStatement(item.statement);
  const file = decodeMemberFile(p, item.file);
  if (!equalBytes(file.hash, says.members) || file.members.length !== says.count) {
    throw refuseRoom('file', 'A member file is not the one that its statement names.');
  }
  const { statement, signature, leaves } = item;
  const state: RoomState = { state: p.sha256(statement), says, statement, signature, file, leaves };
  checkRoom(p, context, state);
  checkBearer(context, state, secret);
  const same = context.states.find((one) => equalBytes(one.state, state.state));
  if (same === undefined) await checkNew(p, context, state);
  if (secret !== undefined && !equalBytes(secretHash(p, secret), says.secret)) {
    throw refuseRoom('secret', 'An epoch secret is not the one that its state names.');
  }
  return { state: same ?? state, held: same !== undefined, secret };
}

/** A first state makes its room's id; one of epoch 1 that stands behind another is no first one, and fails at its epoch. */
function checkRoom(p: Primitives, { room, states }: RoomItemContext, { says }: RoomState): void {
  const first = says.epoch === 1 && !states.some(({ state }) => equalBytes(state, says.prev));
  if ((first && !equalBytes(roomIdOf(p, says), says.room)) || (room !== undefined && !equalBytes(room, says.room))) {
    throw refuseRoom('room id', 'A state is of another room than it says.');
  }
}

/** Who hands it over: with a secret its maker alone, else anybody in the room. */
function checkBearer(context: RoomItemContext, { says, file }: RoomState, secret: SecretKey | undefined): void {
  const { from, states } = context;
  if (sameParty(from, says.by)) return;
  if (secret !== undefined) throw refuseRoom('by', 'An epoch secret came from another device than its maker.');
  const before = states.find(({ state }) => equalBytes(state, says.prev));
  if (memberOf(file, from) === undefined && (before === undefined || memberOf(before.file, from) === undefined)) {
    throw refuseRoom('by', 'A state came from a device that is not in the room.');
  }
}

async function checkNew(p: Primitives, context: RoomItemContext, state: RoomState): Promise<void> {
  const { says } = state;
  const before = context.states.find((one) => equalBytes(one.state, says.prev));
  if (before === undefined) checkJoining(context, state);
  else if (says.epoch !== before.says.epoch + 1) {
    throw refuseRoom('epoch', 'The epoch of a state is not one more than that of the state before.');
  }
  if (before !== undefined || says.epoch === 1) checkChange(before, state);
  await checkLeaves(p, context, { before, state });
  await checkSigned(p, context, { signed: state, by: says.by, made: says.made, check: 'signature' });
}

/** Without the state before: who is new here takes the state that adds him, from the admin who made it (§10.5). */
function checkJoining({ me, from, states, newest }: RoomItemContext, { says, file }: RoomState): void {
  const held = states.some((one) => one.says.epoch === 1);
  if (says.epoch === 1 && held) return; // a second beginning by the same device: a fork
  const newHere = newest === undefined || memberOf(newest.file, me) === undefined;
  const adds = says.epoch === 1 || (says.change === 'add' && sameParty(from, says.by));
  if (!newHere || !adds || memberOf(file, me) === undefined) {
    throw refuseRoom('known', 'The state before this one is not held.');
  }
  if (newest !== undefined && says.epoch <= newest.says.epoch) {
    throw refuseRoom('epoch', 'A state is older than the one in which this device left the room.');
  }
  if (!isAdmin(file, says.by)) throw refuseRoom('change', 'The state that adds this device is not made by an admin.');
}

/** Each line that a `leave` leaves out has its leave statement, and nothing else has. */
async function checkLeaves(
  p: Primitives,
  context: RoomItemContext,
  of: { readonly before: RoomState | undefined; readonly state: RoomState },
): Promise<void> {
  const { before, state } = of;
  const left = state.says.change === 'leave' && before !== undefined ? [...gone(before, state)] : [];
  if (left.length !== state.leaves.length) throw leaves('The leave statements are not those of the lines left out.');
  for (const signed of state.leaves) {
    const { room, by, made } = asLeave(signed.statement);
    const place = left.findIndex((member) => sameParty(member, by));
    if (place < 0 || !equalBytes(room, state.says.room)) {
      throw leaves('A leave statement is of another room, or of a line that is not left out.');
    }
    left.splice(place, 1);
    if (before !== undefined) checkLeaveTime(context.states, before, { by, made });
    await checkSigned(p, context, { signed, by, made, check: 'leaves' });
  }
}

/** A word from before its maker was last added says nothing of his staying now. */
function checkLeaveTime(
  states: readonly RoomState[],
  before: RoomState,
  { by, made }: Pick<LeaveStatement, 'by' | 'made'>,
): void {
  if (made < addedAt(states, before, by)) {
    throw leaves('A leave statement is of a time before its maker was last added.');
  }
}

function asLeave(statement: Uint8Array): LeaveStatement {
  try {
    return decodeLeaveStatement(statement);
  } catch (cause) {
    if (!isProtocolError(cause, 'room')) throw cause;
    throw leaves('A leave statement is not of its grammar.', cause);
  }
}

async function checkSigned(
  p: Primitives,
  { certificates }: Pick<RoomItemContext, 'certificates'>,
  claim: { readonly signed: Signed; readonly by: Party; readonly made: number; readonly check: string },
): Promise<void> {
  const { signed, by, made, check } = claim;
  const known = certificates(by);
  if (known.length === 0) throw refuseRoom('bundle', 'The bundle of a device that signed is not known yet.');
  const then = known.find((certificate) => isValidAt(certificate, made));
  if (then === undefined || !(await verifyStatement(p, then.signKey, signed.statement, signed.signature))) {
    throw refuseRoom(check, 'A signature does not verify, or its certificate was not valid when it was made.');
  }
}

/** A room that is held. */
export interface HeldRoom extends Pick<RoomItemContext, 'states' | 'certificates'> {
  readonly room: Uint8Array;
  readonly newest: RoomState;
}

export interface OpenedLeave extends Signed {
  readonly by: { readonly account: Bytes; readonly device: Bytes };
  /** Unix milliseconds. */
  readonly made: number;
}

/**
 * The leave statement that an item `application/waxwing-room-leave` brings: of a device in the newest state.
 * @throws ProtocolError `room`, check `shape`, `grammar`, `room id`, `by`, `signature`, `leaves` or `bundle`
 */
export async function openLeaveItem(p: Primitives, context: HeldRoom, body: Uint8Array): Promise<OpenedLeave> {
  const signed = decodeLeaveItem(body);
  const { room, by, made } = decodeLeaveStatement(signed.statement);
  if (!equalBytes(room, context.room)) throw refuseRoom('room id', 'A leave statement is of another room.');
  if (memberOf(context.newest.file, by) === undefined) {
    throw refuseRoom('by', 'A leave statement is of a device that is not in the room.');
  }
  await checkSigned(p, context, { signed, by, made, check: 'signature' });
  checkLeaveTime(context.states, context.newest, { by, made });
  return { ...signed, by, made };
}

function leaves(message: string, cause?: unknown): ReturnType<typeof refuseRoom> {
  return refuseRoom('leaves', message, cause);
}
