/** Everything that a device keeps of a room (§10): a value. Its form at rest is in stored-room.ts. */
import { type Bytes, equalBytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import type { ReceivedChain } from '../envelope/received-chain.ts';
import {
  EARLIER_EPOCH_LIFE,
  HASH_SIZE,
  HELD_LIFE,
  MAX_ROOM_EPOCHS,
  ROOM_EPOCH_LIFE,
  ROOM_EPOCH_MESSAGES,
  STATE_SETTLES,
} from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { addedAt } from '../rooms/added.ts';
import type { RoomChange } from '../rooms/change.ts';
import { lasts, newestOf, rootOf } from '../rooms/fork.ts';
import { isAdmin, memberOf, type RoomMember } from '../rooms/member-file.ts';
import { sameParty } from '../rooms/party.ts';
import type { Signed } from '../rooms/room-item.ts';
import type { RoomState } from '../rooms/room-state.ts';
import { decodeLeaveStatement } from '../rooms/room-statement.ts';
import { dropOldPlaces, type SenderChain, senderChains, type SkippedPlace } from '../rooms/sender-chain.ts';
import type { ChainEnd } from './flight.ts';

/** A state, and what opens and seals in it. */
export interface RoomEpoch extends RoomState {
  /** Its maker's alone, until every member has it. */
  readonly secret: SecretKey | undefined;
  /** In the file's order; none while the secret has not come. */
  readonly chains: readonly SenderChain[];
  /** When it stopped being the newest, Unix milliseconds; 0 while it is. */
  readonly ended: number;
  /** When this device took or made it, by its own clock, Unix milliseconds: it settles with time. */
  readonly came: number;
}

/** What came of a member over all epochs. */
export interface RoomAuthor {
  /** 32 */
  readonly account: Bytes;
  /** 16 */
  readonly device: Bytes;
  readonly received: ReceivedChain;
  /** When it was last told what came, Unix milliseconds; 0 before. */
  readonly told: number;
  /** Whether something came since. */
  readonly news: boolean;
}

/** An envelope of a state that has not come. */
export interface HeldEnvelope {
  /** 16 */
  readonly sid: Bytes;
  readonly envelope: Bytes;
  /** Unix milliseconds. */
  readonly at: number;
}

/** A state that was not taken: the second of one author with one `prev`, or one by no admin that would undo a settled one. */
export interface RoomAlarm extends Signed {
  /** Whether the user has decided to go on. */
  readonly settled: boolean;
}

export interface RoomRecord {
  /** The room's id, 32. */
  readonly room: Bytes;
  /** The newest state's hash, 32. */
  readonly newest: Bytes;
  readonly epochs: readonly RoomEpoch[];
  /** The last flight sent to this room, over all epochs. */
  readonly sent: ChainEnd;
  readonly authors: readonly RoomAuthor[];
  /** Oldest first. */
  readonly skipped: readonly SkippedPlace[];
  /** Oldest first. */
  readonly held: readonly HeldEnvelope[];
  /** Of members who leave, and whose leaving no state has brought yet. */
  readonly leaves: readonly Signed[];
  readonly alarm: RoomAlarm | undefined;
}

/** A state that this device has taken or made. */
export interface NewState {
  readonly state: RoomState;
  readonly secret: SecretKey | undefined;
  readonly me: Party;
  readonly now: number;
}

/** A room of which one state is known. */
export function newRoomRecord(p: Primitives, first: NewState): RoomRecord {
  const epoch = epochOf(p, first);
  return {
    room: epoch.says.room,
    newest: epoch.state,
    epochs: [epoch],
    sent: { seq: 0, hash: new Uint8Array(HASH_SIZE) },
    authors: [],
    skipped: [],
    held: [],
    leaves: [],
    alarm: undefined,
  };
}

export function newestEpoch(record: RoomRecord): RoomEpoch {
  return record.epochs.find(({ state }) => equalBytes(state, record.newest)) as RoomEpoch; // it is never dropped
}

/** The states that lasted before and do not any more (§10.5). */
export function lostSince(
  p: Primitives,
  before: RoomRecord,
  after: { readonly epochs: readonly RoomState[] },
): readonly RoomEpoch[] {
  return before.epochs.filter((one) => lasts(p, before.epochs, one) && !lasts(p, after.epochs, one));
}

/** Whether a state has been held for so long that a fork does not undo it (§10.5). */
export function isSettled({ came }: RoomEpoch, now: number): boolean {
  return now - came >= STATE_SETTLES;
}

export function authorOf(record: RoomRecord, party: Party): RoomAuthor | undefined {
  return record.authors.find((author) => sameParty(author, party));
}

/** With one more state, and with the newest there is then (§10.5). */
export function withState(p: Primitives, record: RoomRecord, added: NewState): RoomRecord {
  const { state, now } = added;
  const grown = record.epochs.some((one) => equalBytes(one.state, state.says.prev));
  const epochs = [...record.epochs, epochOf(p, added)];
  const root = rootOf(epochs, grown ? newestEpoch(record) : (epochs.at(-1) as RoomEpoch));
  const newest = newestOf(p, epochs, root).state;
  const moved = epochs.map((one) => {
    if (equalBytes(one.state, newest)) return { ...one, ended: 0 };
    return one.ended === 0 ? { ...one, ended: now } : one;
  });
  const leaves = [...record.leaves, ...lostSince(p, record, { epochs }).flatMap((one) => one.leaves)];
  return dropOldOfRoom({ ...record, epochs: moved, newest, leaves }, now);
}

/** With the secret of a state that came without one: its chains begin. */
export function withSecret(p: Primitives, record: RoomRecord, { state, secret, me }: NewState): RoomRecord {
  return withEpoch(record, state, (epoch) =>
    epoch.chains.length > 0 ? epoch : { ...epoch, chains: chainsOf(p, { state, secret, me }) },
  );
}

/** With a changed epoch. */
export function withEpoch(
  record: RoomRecord,
  { state }: Pick<RoomState, 'state'>,
  change: (epoch: RoomEpoch) => RoomEpoch,
): RoomRecord {
  return { ...record, epochs: record.epochs.map((one) => (equalBytes(one.state, state) ? change(one) : one)) };
}

/** With one chain of an epoch moved on. */
export function withChain(record: RoomRecord, of: Pick<RoomState, 'state'>, chain: SenderChain): RoomRecord {
  return withEpoch(record, of, (epoch) => ({
    ...epoch,
    chains: epoch.chains.map((one) => (equalBytes(one.dh, chain.dh) ? chain : one)),
  }));
}

/** With what is known of an author. */
export function withAuthor(record: RoomRecord, author: RoomAuthor): RoomRecord {
  return { ...record, authors: [...record.authors.filter((one) => !sameParty(one, author)), author] };
}

/** Without what is past its time or above its number (§10.5, §12). The newest state is never dropped. */
export function dropOldOfRoom(record: RoomRecord, now: number): RoomRecord {
  const kept = record.epochs
    .filter(({ ended }) => ended === 0 || now - ended <= EARLIER_EPOCH_LIFE)
    .toSorted((a, b) => (b.ended || Number.POSITIVE_INFINITY) - (a.ended || Number.POSITIVE_INFINITY))
    .slice(0, MAX_ROOM_EPOCHS);
  const epochs = record.epochs.filter((one) => kept.includes(one));
  const newest = newestEpoch(record);
  const known = (dh: Uint8Array): boolean => epochs.some((one) => one.chains.some((chain) => equalBytes(chain.dh, dh)));
  const leaving = new Map(record.leaves.map((leave) => [leaverKey(leave), leave]));
  return {
    ...record,
    epochs,
    authors: record.authors.filter((author) => epochs.some(({ file }) => memberOf(file, author) !== undefined)),
    skipped: dropOldPlaces(record.skipped, now).filter(({ dh }) => known(dh)),
    held: record.held.filter(({ at }) => now - at <= HELD_LIFE),
    leaves: [...leaving.values()].filter((leave) => counts(epochs, newest, leave)),
  };
}

/** Whether this leave statement is of a member, and of no time before he was last added. */
function counts(epochs: readonly RoomEpoch[], newest: RoomEpoch, { statement }: Signed): boolean {
  const { by, made } = decodeLeaveStatement(statement);
  return memberOf(newest.file, by) !== undefined && made >= addedAt(epochs, newest, by);
}

/** What whoever sends next has to change first (§10.5): who leaves, or the secret of an old or long epoch. */
export function changeDue(record: RoomRecord, me: Party, now: number): RoomChange | undefined {
  const { file, says, chains } = newestEpoch(record);
  if (memberOf(file, me) === undefined) return undefined;
  const members = leavers(record, me);
  if (members.length > 0) return { change: 'leave', members };
  const messages = chains.reduce((sum, { n }) => sum + n, 0);
  return now - says.made >= ROOM_EPOCH_LIFE || messages >= ROOM_EPOCH_MESSAGES ? { change: 'fresh' } : undefined;
}

/** Whose leaving `me` can bring about: not one's own, and an admin stays. */
function leavers(record: RoomRecord, me: Party): readonly RoomMember[] {
  const { file } = newestEpoch(record);
  let admins = file.members.filter(({ role }) => role === 'admin').length;
  return record.leaves.flatMap((leave) => {
    const member = memberOf(file, leaverOf(leave));
    if (member === undefined || sameParty(member, me)) return [];
    if (isAdmin(file, member) && admins-- === 1) return [];
    return [member];
  });
}

/** Who signed that he leaves. */
export function leaverOf({ statement }: Signed): Party {
  return decodeLeaveStatement(statement).by;
}

function leaverKey(leave: Signed): string {
  const { account, device } = leaverOf(leave);
  return `${account.toString()}/${device.toString()}`;
}

function epochOf(p: Primitives, added: NewState): RoomEpoch {
  const { state, secret, me } = added;
  const made = sameParty(state.says.by, me);
  return { ...state, secret: made ? secret : undefined, chains: chainsOf(p, added), ended: 0, came: added.now };
}

function chainsOf(p: Primitives, { state, secret, me }: Omit<NewState, 'now'>): readonly SenderChain[] {
  const { members } = state.file;
  if (secret === undefined || memberOf(state.file, me) === undefined) return [];
  return senderChains(p, state.state, { members, secret });
}
