/** What a relay says: answers `[2, id, 0, …]`, refusals `[2, id, code, retry]`, events `[2, 0, event, …]` (§11.4). */
import { union } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, type CborValue, list, tuple, uint } from '../codec/cbor.ts';
import { HASH_SIZE, MAX_CBOR_ARRAY, MAX_IDS, MAX_PREKEY_SETS, MAX_PUTS } from '../limits.ts';
import { fromPrekeySet, PREKEY_SET, type PrekeySet, toPrekeySet } from '../prekeys/prekey-set.ts';
import { decodeEvent, encodeEvent, type RelayEvent } from './event.ts';
import { malformed, shapedFields } from './message-shape.ts';
import type { RelayOp } from './request.ts';

/** Why a relay refuses. */
export const REFUSAL = {
  unknownOp: 1,
  noMember: 2,
  inviteUnknown: 3,
  inviteUsedUp: 4,
  inviteEnded: 5,
  nameForm: 6,
  nameTaken: 7,
  nameUnknown: 8,
  accountUnknown: 9,
  prekeysRefused: 10,
  noPrekeys: 11,
  mailboxUnknown: 12,
  mailboxFull: 13,
  tooMany: 14,
  cannotStore: 15,
  draining: 16,
  idTaken: 17,
} as const;

export type RefusalCode = (typeof REFUSAL)[keyof typeof REFUSAL];

/** What a relay knows of an envelope. */
export const ENVELOPE_STATE = { unknown: 0, waiting: 1, unopenable: 2, mailboxGone: 3 } as const;

export type EnvelopeState = (typeof ENVELOPE_STATE)[keyof typeof ENVELOPE_STATE];

/** One row of the relay's store, as its subject may see it. */
export interface StoredRow {
  readonly table: Bytes;
  readonly columns: readonly (readonly [column: Bytes, value: Bytes | number])[];
}

export type RelayAnswer =
  | { readonly op: 'join'; readonly name: Bytes }
  | { readonly op: 'resolve'; readonly account: Bytes }
  | { readonly op: 'fetch'; readonly sets: readonly PrekeySet[] }
  /** For each envelope in order: 0 (on disk) or a refusal's code. */
  | { readonly op: 'put'; readonly codes: readonly number[] }
  /** For each id in order. */
  | { readonly op: 'status'; readonly states: readonly number[] }
  /** `next` is the row to ask for next, or 0. */
  | { readonly op: 'stored'; readonly rows: readonly StoredRow[]; readonly next: number }
  | { readonly op: Exclude<RelayOp, 'join' | 'resolve' | 'fetch' | 'put' | 'status' | 'stored'> };

export type RelayReply =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: RelayAnswer }
  /** `retry` in ms; 0: no time would help. A code of a later version comes as it is. */
  | { readonly kind: 'refusal'; readonly id: number; readonly code: number; readonly retry: number }
  | { readonly kind: 'event'; readonly event: RelayEvent | { readonly event: 'unknown' } };

const NOTHING = tuple([]);
const NAME = tuple([bytes()]);
const ACCOUNT = tuple([bytes(HASH_SIZE)]);
const SETS = tuple([list(PREKEY_SET, 1, MAX_PREKEY_SETS)]);
const CODES = tuple([list(uint(), 1, MAX_PUTS)]);
const STATES = tuple([list(uint(), 1, MAX_IDS)]);
const ROW = tuple([bytes(), list(tuple([bytes(), union([bytes(), uint()])]), 1, MAX_CBOR_ARRAY)]);
const ROWS = tuple([list(ROW, 0, MAX_CBOR_ARRAY), uint()]);
const REFUSED = tuple([uint()]);

/** The body of a record of kind 2. */
export function encodeReply(reply: RelayReply): CborValue[] {
  switch (reply.kind) {
    case 'answer':
      return [reply.id, 0, ...fieldsOf(reply.answer)];
    case 'refusal':
      return [reply.id, reply.code, reply.retry];
    case 'event':
      return [0, ...encodeEvent(reply.event)];
  }
}

function fieldsOf(answer: RelayAnswer): CborValue[] {
  switch (answer.op) {
    case 'join':
      return [answer.name];
    case 'resolve':
      return [answer.account];
    case 'fetch':
      return [answer.sets.map(fromPrekeySet)];
    case 'put':
      return [answer.codes];
    case 'status':
      return [answer.states];
    case 'stored':
      return [answer.rows.map(({ table, columns }) => [table, columns]), answer.next];
    default:
      return [];
  }
}

/**
 * `opOf` tells what was asked under an id and is not answered yet.
 * @throws ProtocolError `record`, check `relay message`, for an answer to nothing or of another shape than its op's
 */
export function decodeReply(body: readonly CborValue[], opOf: (id: number) => RelayOp | undefined): RelayReply {
  const [id, code, ...fields] = body;
  if (typeof id !== 'number' || typeof code !== 'number') throw malformed();
  if (id === 0) return { kind: 'event', event: decodeEvent(code, fields) };
  const op = opOf(id);
  if (op === undefined) throw malformed();
  if (code !== 0) return { kind: 'refusal', id, code, retry: shapedFields(REFUSED, fields)[0] };
  return { kind: 'answer', id, answer: answerOf(op, fields) };
}

function answerOf(op: RelayOp, fields: readonly CborValue[]): RelayAnswer {
  switch (op) {
    case 'join':
      return { op, name: shapedFields(NAME, fields)[0] };
    case 'resolve':
      return { op, account: shapedFields(ACCOUNT, fields)[0] };
    case 'fetch':
      return { op, sets: shapedFields(SETS, fields)[0].map(toPrekeySet) };
    case 'put':
      return { op, codes: shapedFields(CODES, fields)[0] };
    case 'status':
      return { op, states: shapedFields(STATES, fields)[0] };
    case 'stored': {
      const [rows, next] = shapedFields(ROWS, fields);
      return { op, rows: rows.map(([table, columns]) => ({ table, columns })), next };
    }
    default:
      shapedFields(NOTHING, fields);
      return { op };
  }
}
