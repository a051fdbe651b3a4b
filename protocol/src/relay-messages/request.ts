/** What a client asks of its relay: `[2, id, op, …]` (§11.4). */
import { union } from 'valibot';
import { type Bytes, toHex } from '../bytes.ts';
import { bytes, bytesBetween, type CborValue, list, tuple, uint } from '../codec/cbor.ts';
import {
  ENVELOPE_ID_SIZE,
  HASH_SIZE,
  INVITE_TOKEN_SIZE,
  MAX_IDS,
  MAX_INVITE_DAYS,
  MAX_PUTS,
  MAX_STATEMENT,
  MAX_UNOPENABLE,
  MLKEM_EK_SIZE,
  PREKEY_ENTRIES,
  SIGNAL_LENGTH,
  SIGNATURE_SIZE,
  X25519_SIZE,
} from '../limits.ts';
import { flag, ids, malformed, outer, shapedFields } from './message-shape.ts';

/** One copy on its way into a mailbox. */
export interface PutEnvelope {
  /** 32 */
  readonly mailbox: Bytes;
  /** 16, chosen at random by who puts. */
  readonly id: Bytes;
  /** The sealed blob (§11.3). */
  readonly outer: Bytes;
}

export type RelayRequest =
  /** `token` is 16 bytes, or empty. */
  | { readonly op: 'join'; readonly token: Bytes }
  | { readonly op: 'claim'; readonly name: Bytes }
  | { readonly op: 'resolve'; readonly name: Bytes }
  | {
      readonly op: 'prekeys';
      readonly statement: Bytes;
      readonly signature: Bytes;
      /** 100: X25519 (32) and ML-KEM-768 (1184). */
      readonly keys: readonly { readonly opk: Bytes; readonly ek: Bytes }[];
    }
  /** `withEntry`: for a start; without: for the bundle and statement alone. */
  | { readonly op: 'fetch'; readonly account: Bytes; readonly withEntry: boolean }
  | { readonly op: 'put'; readonly envelopes: readonly PutEnvelope[] }
  | { readonly op: 'receive' }
  | { readonly op: 'confirm'; readonly ids: readonly Bytes[] }
  | { readonly op: 'unopenable'; readonly ids: readonly Bytes[] }
  | { readonly op: 'status'; readonly ids: readonly Bytes[] }
  | { readonly op: 'signal'; readonly mailbox: Bytes; readonly outer: Bytes }
  /** `days` 0 withdraws. */
  | { readonly op: 'invite'; readonly tokenHash: Bytes; readonly days: number }
  /** `row` from 0. */
  | { readonly op: 'stored'; readonly row: number }
  | { readonly op: 'leave' };

export type RelayOp = RelayRequest['op'];

/** A request as it arrived; `unknown` is refused with code 1. */
export interface Asked {
  /** 1, 2, 3 … in a channel */
  readonly id: number;
  readonly request: RelayRequest | { readonly op: 'unknown' };
}

const NUMBERS: Readonly<Record<RelayOp, number>> = {
  join: 1,
  claim: 2,
  resolve: 3,
  prekeys: 4,
  fetch: 5,
  put: 6,
  receive: 7,
  confirm: 8,
  unopenable: 9,
  status: 10,
  signal: 11,
  invite: 12,
  stored: 13,
  leave: 14,
};

const NOTHING = tuple([]);
const JOIN = tuple([union([bytes(0), bytes(INVITE_TOKEN_SIZE)])]);
const NAME = tuple([bytes()]);
const PREKEYS = tuple([
  bytesBetween(1, MAX_STATEMENT),
  bytes(SIGNATURE_SIZE),
  list(tuple([bytes(X25519_SIZE), bytes(MLKEM_EK_SIZE)]), PREKEY_ENTRIES, PREKEY_ENTRIES),
]);
const FETCH = tuple([bytes(HASH_SIZE), flag()]);
const PUT = tuple([list(tuple([bytes(HASH_SIZE), bytes(ENVELOPE_ID_SIZE), outer()]), 1, MAX_PUTS)]);
const IDS = tuple([ids(MAX_IDS)]);
const UNOPENABLE = tuple([ids(MAX_UNOPENABLE)]);
const SIGNAL = tuple([bytes(HASH_SIZE), outer(SIGNAL_LENGTH)]);
const INVITE = tuple([bytes(HASH_SIZE), uint(MAX_INVITE_DAYS)]);
const STORED = tuple([uint()]);

/** The body of a record of kind 2. */
export function encodeRequest(id: number, request: RelayRequest): CborValue[] {
  return [id, NUMBERS[request.op], ...fieldsOf(request)];
}

function fieldsOf(request: RelayRequest): CborValue[] {
  switch (request.op) {
    case 'join':
      return [request.token];
    case 'claim':
    case 'resolve':
      return [request.name];
    case 'prekeys':
      return [request.statement, request.signature, request.keys.map(({ opk, ek }) => [opk, ek])];
    case 'fetch':
      return [request.account, request.withEntry ? 1 : 0];
    case 'put':
      return [request.envelopes.map(({ mailbox, id, outer: blob }) => [mailbox, id, blob])];
    case 'confirm':
    case 'unopenable':
    case 'status':
      return [request.ids];
    case 'signal':
      return [request.mailbox, request.outer];
    case 'invite':
      return [request.tokenHash, request.days];
    case 'stored':
      return [request.row];
    case 'receive':
    case 'leave':
      return [];
  }
}

/** @throws ProtocolError `record`, check `relay message`, for anything that is not of its op's shape */
export function decodeRequest(body: readonly CborValue[]): Asked {
  const [id, number, ...fields] = body;
  if (typeof id !== 'number' || id === 0 || typeof number !== 'number' || number === 0) throw malformed();
  return { id, request: requestOf(number, fields) };
}

function requestOf(number: number, fields: readonly CborValue[]): Asked['request'] {
  switch (number) {
    case NUMBERS.join: {
      const [token] = shapedFields(JOIN, fields);
      return { op: 'join', token };
    }
    case NUMBERS.claim: {
      const [name] = shapedFields(NAME, fields);
      return { op: 'claim', name };
    }
    case NUMBERS.resolve: {
      const [name] = shapedFields(NAME, fields);
      return { op: 'resolve', name };
    }
    case NUMBERS.prekeys: {
      const [statement, signature, keys] = shapedFields(PREKEYS, fields);
      return { op: 'prekeys', statement, signature, keys: keys.map(([opk, ek]) => ({ opk, ek })) };
    }
    case NUMBERS.fetch: {
      const [account, want] = shapedFields(FETCH, fields);
      return { op: 'fetch', account, withEntry: want === 1 };
    }
    case NUMBERS.put: {
      const [envelopes] = shapedFields(PUT, fields);
      if (envelopes.length > 1 && new Set(envelopes.map(([, id]) => toHex(id))).size < envelopes.length)
        throw malformed();
      return { op: 'put', envelopes: envelopes.map(([mailbox, id, blob]) => ({ mailbox, id, outer: blob })) };
    }
    case NUMBERS.receive:
      shapedFields(NOTHING, fields);
      return { op: 'receive' };
    case NUMBERS.confirm:
      return { op: 'confirm', ids: shapedFields(IDS, fields)[0] };
    case NUMBERS.unopenable:
      return { op: 'unopenable', ids: shapedFields(UNOPENABLE, fields)[0] };
    case NUMBERS.status:
      return { op: 'status', ids: shapedFields(IDS, fields)[0] };
    case NUMBERS.signal: {
      const [mailbox, blob] = shapedFields(SIGNAL, fields);
      return { op: 'signal', mailbox, outer: blob };
    }
    case NUMBERS.invite: {
      const [tokenHash, days] = shapedFields(INVITE, fields);
      return { op: 'invite', tokenHash, days };
    }
    case NUMBERS.stored: {
      const [row] = shapedFields(STORED, fields);
      return { op: 'stored', row };
    }
    case NUMBERS.leave:
      shapedFields(NOTHING, fields);
      return { op: 'leave' };
    default:
      return { op: 'unknown' };
  }
}
