/** A room's record at rest (§10.5): secret, for the home's encrypted database alone, all in one transaction. */
import { union } from 'valibot';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, exactly, list, tuple, uint } from '../codec/cbor.ts';
import {
  DEVICE_ID_SIZE,
  HASH_SIZE,
  MAX_FRAME,
  MAX_GAPS,
  MAX_MEMBER_FILE,
  MAX_ROOM_MEMBERS,
  MAX_STATEMENT,
  SID_SIZE,
  SIGNATURE_SIZE,
  SYMMETRIC_KEY_SIZE,
} from '../limits.ts';
import { type Primitives, SecretKey } from '../primitives.ts';
import { SIGNED } from '../rooms/room-item.ts';
import { readRoomState } from '../rooms/room-state.ts';
import { senderName } from '../rooms/sender-chain.ts';
import type { HeldEnvelope, RoomAuthor, RoomEpoch, RoomRecord } from './room-record.ts';

/** The rows. Those of held envelopes and epochs are large and seldom change. */
export interface StoredRoom {
  /** CBOR[1, room id, newest, sent seq, its hash, leaves, alarm] */
  readonly room: Uint8Array;
  /** CBOR[1, statement, signature, file, leaves, secret or empty, [[chain, n] …] in the file's order, ended, came], one each. */
  readonly epochs: readonly Uint8Array[];
  /** CBOR[1, account, device, received seq, its hash, gaps, voids, told, news], one each. */
  readonly authors: readonly Uint8Array[];
  /** CBOR[1, dh, n, key, at], one each, oldest first. */
  readonly skipped: readonly Uint8Array[];
  /** CBOR[1, sid, envelope, at], one each, oldest first. */
  readonly held: readonly Uint8Array[];
}

const key = () => bytes(SYMMETRIC_KEY_SIZE);
const LEAVES = list(SIGNED, 0, MAX_ROOM_MEMBERS);
const ROOM = tuple([
  exactly(1),
  bytes(HASH_SIZE),
  bytes(HASH_SIZE),
  uint(),
  bytes(HASH_SIZE),
  LEAVES,
  union([tuple([]), tuple([bytesBetween(1, MAX_STATEMENT), bytes(SIGNATURE_SIZE), uint(1)])]),
]);
const EPOCH = tuple([
  exactly(1),
  bytesBetween(1, MAX_STATEMENT),
  bytes(SIGNATURE_SIZE),
  bytesBetween(1, MAX_MEMBER_FILE),
  LEAVES,
  union([key(), bytes(0)]),
  list(tuple([key(), uint()]), 0, MAX_ROOM_MEMBERS),
  uint(),
  uint(),
]);
const AUTHOR = tuple([
  exactly(1),
  bytes(HASH_SIZE),
  bytes(DEVICE_ID_SIZE),
  uint(),
  bytes(HASH_SIZE),
  list(tuple([uint(), uint(), bytes(HASH_SIZE), bytes(HASH_SIZE)]), 0, MAX_GAPS),
  list(tuple([uint(), uint()]), 0, MAX_GAPS),
  uint(),
  uint(1),
]);
const SKIPPED = tuple([exactly(1), bytes(HASH_SIZE), uint(), key(), uint()]);
const HELD = tuple([exactly(1), bytes(SID_SIZE), bytesBetween(1, MAX_FRAME), uint()]);

export function encodeRoomRecord(record: RoomRecord): StoredRoom {
  const { room, newest, sent, leaves, alarm } = record;
  return {
    room: encodeCbor([
      1,
      room,
      newest,
      sent.seq,
      sent.hash,
      leaves.map(({ statement, signature }) => [statement, signature]),
      alarm === undefined ? [] : [alarm.statement, alarm.signature, alarm.settled ? 1 : 0],
    ]),
    epochs: record.epochs.map(encodeEpoch),
    authors: record.authors.map(encodeAuthor),
    skipped: record.skipped.map(({ dh, n, key: secret, at }) => encodeCbor([1, dh, n, secret.exposeSecretBytes(), at])),
    held: record.held.map(encodeHeld),
  };
}

/** One row of `held`. */
export function encodeHeld({ sid, envelope, at }: HeldEnvelope): Uint8Array {
  return encodeCbor([1, sid, envelope, at]);
}

function encodeEpoch(epoch: RoomEpoch): Uint8Array {
  const { statement, signature, file, leaves, secret, chains, ended, came } = epoch;
  return encodeCbor([
    1,
    statement,
    signature,
    file.bytes,
    leaves.map((leave) => [leave.statement, leave.signature]),
    secret?.exposeSecretBytes() ?? new Uint8Array(0),
    chains.map(({ chain, n }) => [chain.exposeSecretBytes(), n]),
    ended,
    came,
  ]);
}

function encodeAuthor({ account, device, received, told, news }: RoomAuthor): Uint8Array {
  const { last, gaps, voids } = received;
  return encodeCbor([
    1,
    account,
    device,
    last.seq,
    last.hash,
    gaps.map(({ from, to, before, after }) => [from, to, before, after]),
    voids,
    told,
    news ? 1 : 0,
  ]);
}

/** @throws ProtocolError `cbor` or `room` where the form is damaged */
export function decodeRoomRecord(p: Primitives, stored: StoredRoom): RoomRecord {
  const [, room, newest, seq, hash, leaves, alarm] = decodeCborAs(ROOM, stored.room);
  return {
    room,
    newest,
    epochs: stored.epochs.map((row) => decodeEpoch(p, row)),
    sent: { seq, hash },
    authors: stored.authors.map(decodeAuthor),
    skipped: stored.skipped.map((row) => {
      const [, dh, n, secret, at] = decodeCborAs(SKIPPED, row);
      return { dh, n, key: new SecretKey(secret), at };
    }),
    held: stored.held.map((row) => {
      const [, sid, envelope, at] = decodeCborAs(HELD, row);
      return { sid, envelope, at };
    }),
    leaves: leaves.map(([statement, signature]) => ({ statement, signature })),
    alarm: alarm.length === 0 ? undefined : { statement: alarm[0], signature: alarm[1], settled: alarm[2] === 1 },
  };
}

function decodeEpoch(p: Primitives, row: Uint8Array): RoomEpoch {
  const [, statement, signature, file, signed, secret, chains, ended, came] = decodeCborAs(EPOCH, row);
  const leaves = signed.map(([of, by]) => ({ statement: of, signature: by }));
  const state = readRoomState(p, { statement, signature, file, leaves });
  return {
    ...state,
    secret: secret.length === 0 ? undefined : new SecretKey(secret),
    chains: state.file.members.slice(0, chains.length).map(({ account, device }, index) => {
      const [chain, n] = chains[index] as (typeof chains)[number];
      return { account, device, dh: senderName(p, state.state, { account, device }), chain: new SecretKey(chain), n };
    }),
    ended,
    came,
  };
}

function decodeAuthor(row: Uint8Array): RoomAuthor {
  const [, account, device, seq, hash, gaps, voids, told, news] = decodeCborAs(AUTHOR, row);
  const received = {
    last: { seq, hash },
    gaps: gaps.map(([from, to, before, after]) => ({ from, to, before, after })),
    voids,
  };
  return { account, device, received, told, news: news === 1 };
}
