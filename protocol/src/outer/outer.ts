/**
 * The outer sealing (§11.3): hides from a relay who sends, in which session and what, and shows one of eight sizes.
 * `outer = E ‖ EtM(Expand(Extract(H("waxwing/1 outer"), X(e,dh_B)),"outer",E,64), mailbox, pad(inner))`
 */
import { type Bytes, concat } from '../bytes.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { LABEL_OUTER, PREFIX_OUTER } from '../labels.ts';
import { OUTER_LENGTHS, OUTER_OVERHEAD, SYMMETRIC_KEY_SIZE, X25519_SIZE } from '../limits.ts';
import { type Primitives, type SecretKey, X25519PrivateKey } from '../primitives.ts';
import { openEtm, sealEtm } from '../symmetric/etm.ts';
import { expand, extract } from '../symmetric/expand.ts';
import { padWithMarker, unpadMarked } from '../symmetric/marker-padding.ts';
import { decodeInner, encodeInner, type Inner } from './inner.ts';

/** L of §11.3 for an inner of `size` bytes; undefined where none of the eight holds it. */
export function outerLength(size: number): number | undefined {
  return OUTER_LENGTHS.find((length) => length >= size + 2);
}

export interface OuterSealing {
  readonly inner: Inner;
  /** The recipient's dh-key (its certificate's), 32. */
  readonly dhKey: Uint8Array;
  /** The recipient's at this relay, 32: `mailboxOf`. */
  readonly mailbox: Uint8Array;
}

/**
 * The blob that a relay stores, under a new key of its own for every copy.
 * @throws ProtocolError `limit` for an inner above 114,686 bytes, `outer` (check `key`) for a dh-key that gives no secret
 */
export function sealOuter(p: Primitives, { inner, dhKey, mailbox }: OuterSealing): Bytes {
  const encoded = encodeInner(inner);
  const length = outerLength(encoded.length);
  if (length === undefined) throw new ProtocolError('limit', 'outer', 'An envelope is too large for any mailbox.');
  const ephemeral = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  const publicKey = p.x25519PublicKey(ephemeral);
  const shared = agree(p, ephemeral, dhKey);
  if (shared === undefined) throw refuse('key', "The recipient's key gives no shared secret.");
  const key = outerKey(p, shared, publicKey);
  return concat(publicKey, sealEtm(p, { key, aad: mailbox, plain: padWithMarker(encoded, length) }));
}

export interface OuterOpening {
  readonly outer: Uint8Array;
  /** The own device's. */
  readonly dhKey: X25519PrivateKey;
  readonly mailbox: Uint8Array;
}

/**
 * What a blob from the own mailbox holds. Touches no secret but the device's dh-key.
 * @throws ProtocolError `outer`, check `size`, `mac`, `padding` or `inner`: of several faults the first in this order
 */
export function openOuter(p: Primitives, { outer, dhKey, mailbox }: OuterOpening): Inner {
  if (!OUTER_LENGTHS.includes(outer.length - OUTER_OVERHEAD)) {
    throw refuse('size', 'An outer sealing is of none of the eight sizes.');
  }
  const publicKey = outer.slice(0, X25519_SIZE);
  const shared = agree(p, dhKey, publicKey);
  if (shared === undefined) throw refuse('mac', 'The key of an outer sealing gives no shared secret.');
  const padded = openBox(p, outerKey(p, shared, publicKey), { mailbox, box: outer.subarray(X25519_SIZE) });
  const encoded = unpadMarked(padded, outerLength);
  if (encoded === undefined) throw refuse('padding', 'The padding of an outer sealing is not exact.');
  return decodeInner(encoded);
}

function openBox(p: Primitives, key: SecretKey, sealed: { mailbox: Uint8Array; box: Uint8Array }): Bytes {
  try {
    return openEtm(p, { key, aad: sealed.mailbox, box: sealed.box });
  } catch (cause) {
    if (!isProtocolError(cause, 'etm')) throw cause;
    throw new ProtocolError('outer', cause.check, 'An outer sealing does not open in this mailbox.', { cause });
  }
}

function agree(p: Primitives, key: X25519PrivateKey, peer: Uint8Array): SecretKey | undefined {
  try {
    return p.x25519(key, peer);
  } catch (error) {
    if (!isProtocolError(error, 'primitive')) throw error;
    return undefined;
  }
}

function outerKey(p: Primitives, shared: SecretKey, publicKey: Uint8Array): SecretKey {
  const prk = extract(p, p.sha256(PREFIX_OUTER), shared);
  return expand(p, prk, LABEL_OUTER, { context: publicKey, size: 2 * SYMMETRIC_KEY_SIZE });
}

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('outer', check, message);
}
