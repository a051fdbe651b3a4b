/** `entry = CBOR[i, opk, ek]`: one pair of single-use keys of a prekey statement (§9.1). */
import type { InferOutput } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, decodeCborAs, encodeCbor, tuple, uint } from '../codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { MLKEM_EK_SIZE, PREKEY_ENTRIES, X25519_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import { leafHash } from './merkle-tree.ts';

export interface PrekeyEntry {
  /** 0..99 */
  readonly index: number;
  /** X25519, 32. */
  readonly opk: Bytes;
  /** ML-KEM-768, 1184. */
  readonly ek: Bytes;
}

const ENTRY = tuple([uint(PREKEY_ENTRIES - 1), bytes(X25519_SIZE), bytes(MLKEM_EK_SIZE)]);

export function encodePrekeyEntry({ index, opk, ek }: PrekeyEntry): Bytes {
  return encodeCbor([index, opk, ek]);
}

/** @throws ProtocolError `prekeys`, check `entry`, for anything but a canonical entry with an index below 100 */
export function decodePrekeyEntry(encoded: Uint8Array): PrekeyEntry {
  let fields: InferOutput<typeof ENTRY>;
  try {
    fields = decodeCborAs(ENTRY, encoded);
  } catch (cause) {
    if (!isProtocolError(cause, 'cbor')) throw cause;
    throw new ProtocolError('prekeys', 'entry', 'A prekey entry is not well-formed.', { cause });
  }
  const [index, opk, ek] = fields;
  return { index, opk, ek };
}

/** The leaves of the tree over a statement's entries, in their order. */
export function entryLeaves(p: Pick<Primitives, 'sha256'>, keys: readonly Omit<PrekeyEntry, 'index'>[]): Bytes[] {
  return keys.map(({ opk, ek }, index) => leafHash(p, encodePrekeyEntry({ index, opk, ek })));
}
