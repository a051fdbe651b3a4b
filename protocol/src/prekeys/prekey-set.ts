/** A prekey set as it is fetched (§9.1): `[bundle, statement, signature, entry, path]`. */
import { type InferOutput, union } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, type CborValue, list, tuple } from '../codec/cbor.ts';
import { HASH_SIZE, MAX_PREKEY_PATH, MAX_STATEMENT, MAX_STORED_BUNDLE, SIGNATURE_SIZE } from '../limits.ts';

export interface PrekeySet {
  readonly bundle: Bytes;
  /** Empty with `signature` where the device has left no prekeys, and none were wanted. */
  readonly statement: Bytes;
  /** 256, or empty. */
  readonly signature: Bytes;
  /** CBOR[i, opk, ek]; empty for a last resort. */
  readonly entry: Bytes;
  /** Audit path of the entry, hashes of 32; empty without one. */
  readonly path: readonly Bytes[];
}

const MAX_ENTRY = 1_224; // 1 + 2 + 34 + 1,187

/** The shape alone: what the parts say is judged by who starts a session with them. */
export const PREKEY_SET = tuple([
  bytesBetween(1, MAX_STORED_BUNDLE),
  bytesBetween(0, MAX_STATEMENT),
  union([bytes(0), bytes(SIGNATURE_SIZE)]),
  bytesBetween(0, MAX_ENTRY),
  list(bytes(HASH_SIZE), 0, MAX_PREKEY_PATH),
]);

export function toPrekeySet([bundle, statement, signature, entry, path]: InferOutput<typeof PREKEY_SET>): PrekeySet {
  return { bundle, statement, signature, entry, path };
}

export function fromPrekeySet({ bundle, statement, signature, entry, path }: PrekeySet): CborValue {
  return [bundle, statement, signature, entry, path];
}
