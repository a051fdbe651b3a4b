/** What two devices say of a room in the ctl of their pairwise session: receipts (§10.3) and the question for a state (§10.5). */
import { type InferOutput, is } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, exactly, list, tuple, uint } from '../codec/cbor.ts';
import type { ControlEntry } from '../envelope/payload.ts';
import type { Got } from '../envelope/received-chain.ts';
import { HASH_SIZE, MAX_GOT_RANGES, SID_SIZE } from '../limits.ts';

const GOT = 'room-got';
const ASK = 'room-state';

const GOT_ENTRY = tuple([exactly(GOT), bytes(HASH_SIZE), uint(), list(tuple([uint(), uint()]), 0, MAX_GOT_RANGES)]);
const ASK_ENTRY = tuple([exactly(ASK), bytes(HASH_SIZE), bytes(SID_SIZE)]);

export interface RoomGot extends Got {
  /** 32 */
  readonly room: Bytes;
}

/** Which state of which room is asked for. */
export interface RoomQuestion {
  /** 32 */
  readonly room: Bytes;
  /** 16 */
  readonly sid: Bytes;
}

/** `["room-got", room id, last, ranges]` */
export function encodeRoomGot({ room, last, ranges }: RoomGot): ControlEntry {
  return [GOT, room, last, ranges];
}

/** What the entry says, or undefined where it is another one or malformed: it is then ignored. */
export function decodeRoomGot(entry: ControlEntry): RoomGot | undefined {
  if (!is(GOT_ENTRY, entry)) return undefined;
  const [, room, last, ranges] = entry;
  return isAscending(ranges, last) ? { room, last, ranges } : undefined;
}

/** `["room-state", room id, sid]` */
export function encodeRoomQuestion({ room, sid }: RoomQuestion): ControlEntry {
  return [ASK, room, sid];
}

/** What the entry asks for, or undefined where it is another one or malformed. */
export function decodeRoomQuestion(entry: ControlEntry): RoomQuestion | undefined {
  if (!is(ASK_ENTRY, entry)) return undefined;
  const [, room, sid] = entry;
  return { room, sid };
}

/** Ranges below last, from 1, ascending and not touching (§9.6). */
function isAscending(ranges: InferOutput<typeof GOT_ENTRY>[3], last: number): boolean {
  return ranges.every(([from, to], index) => {
    const before = ranges[index - 1]?.[1] ?? -1; // the first is from 1 on
    return from > before + 1 && from <= to && to < last;
  });
}
