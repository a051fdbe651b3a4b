/** The member file of a room (§10.1): one line a device, sorted, readable by anyone. */
import { type Bytes, textOf, utf8 } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { MAX_MEMBER_FILE, MAX_ROOM_MEMBERS } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import { decodeParty, encodeParty, sameParty } from './party.ts';
import { refuseRoom } from './refusal.ts';

export type RoomRole = 'admin' | 'member';

export interface RoomMember {
  /** 32 */
  readonly account: Bytes;
  /** 16 */
  readonly device: Bytes;
  readonly role: RoomRole;
}

export interface MemberFile {
  readonly bytes: Bytes;
  /** H(bytes), 32. */
  readonly hash: Bytes;
  /** In the file's order. */
  readonly members: readonly RoomMember[];
}

/** A line without its end. Two lines are one where device and role are the same. */
export function memberLine(member: RoomMember): string {
  return `${encodeParty(member)} ${member.role}`;
}

/** The member of this account and device. */
export function memberOf(file: MemberFile, party: Party): RoomMember | undefined {
  return file.members.find((member) => sameParty(member, party));
}

export function isAdmin(file: MemberFile, party: Party): boolean {
  return memberOf(file, party)?.role === 'admin';
}

/** @throws ProtocolError `room`, check `file`, for a list that no file can hold: none or too many, no admin, a device twice */
export function encodeMemberFile(p: Primitives, members: readonly RoomMember[]): MemberFile {
  const lines = members.map((member) => `${memberLine(member)}\n`).sort(); // ASCII: the order of code units is that of bytes
  return decodeMemberFile(p, utf8(lines.join('')));
}

/** @throws ProtocolError `room`, check `file` */
export function decodeMemberFile(p: Primitives, bytes: Uint8Array): MemberFile {
  const text = bytes.length > MAX_MEMBER_FILE ? undefined : textOf(bytes);
  if (text === undefined) throw refuse('A member file is too long, or no text.');
  const lines = text.split('\n');
  if (lines.pop() !== '') throw refuse('The last line of a member file has no end.');
  if (lines.length < 1 || lines.length > MAX_ROOM_MEMBERS) {
    throw refuse(`A room has 1 to ${MAX_ROOM_MEMBERS} devices.`);
  }
  const members = lines.map(decodeLine);
  for (const [index, member] of members.entries()) {
    const before = members[index - 1];
    if (before === undefined) continue;
    if (sameParty(before, member)) throw refuse('A member file names a device twice.');
    if (memberLine(before) > memberLine(member)) throw refuse('A member file is not sorted.');
  }
  if (!members.some(({ role }) => role === 'admin')) throw refuse('A member file has no admin.');
  const own = new Uint8Array(bytes);
  return { bytes: own, hash: p.sha256(own), members };
}

function decodeLine(line: string): RoomMember {
  const [name = '', role, ...more] = line.split(' ');
  const party = decodeParty(name);
  if (party === undefined || more.length > 0 || (role !== 'admin' && role !== 'member')) {
    throw refuse('A line of a member file is not of its form.');
  }
  return { ...party, role };
}

function refuse(message: string): ReturnType<typeof refuseRoom> {
  return refuseRoom('file', message);
}
