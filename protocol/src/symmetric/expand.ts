/** HKDF-SHA256 (RFC 5869) with the protocol's labels (§1): every derived key comes from here. */
import { type Bytes, concat, u8, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { PROTOCOL } from '../labels.ts';
import { HASH_SIZE } from '../limits.ts';
import { type Primitives, SecretKey } from '../primitives.ts';

const MAX_OUTPUT = 255 * HASH_SIZE; // RFC 5869 §2.3: the block counter is one byte
const MAX_FIELD = 255; // label and context carry one length byte each (§1)
const EMPTY = new Uint8Array(0);
const FIRST_BLOCK = u8(1);

export interface ExpandOptions {
  /** `ctx` of §1, at most 255 bytes; empty where absent. */
  readonly context?: Uint8Array;
  /** Bytes wanted, 1..8160; 32 where absent. */
  readonly size?: number;
}

/** `Extract(salt, ikm)` = HMAC(salt, ikm): a pseudorandom key of 32 bytes (§1, RFC 5869 §2.2). */
export function extract(
  p: Pick<Primitives, 'hmacSha256'>,
  salt: Uint8Array | SecretKey,
  ikm: Uint8Array | SecretKey,
): SecretKey {
  return new SecretKey(p.hmacSha256(raw(salt), raw(ikm)));
}

/**
 * `Expand(prk, label, ctx, L)` of §1 as a secret; `label` without the leading `waxwing/1 `.
 * @throws ProtocolError `limit` on a label, context or size that does not fit its field
 */
export function expand(
  p: Pick<Primitives, 'hmacSha256'>,
  prk: SecretKey,
  label: string,
  options: ExpandOptions = {},
): SecretKey {
  return new SecretKey(expandPublic(p, prk, label, options));
}

/** As `expand`, for values that are no secrets: sid, ivs, sas. */
export function expandPublic(
  p: Pick<Primitives, 'hmacSha256'>,
  prk: SecretKey,
  label: string,
  options: ExpandOptions = {},
): Bytes {
  const size = options.size ?? HASH_SIZE;
  return hkdfExpand(p, prk, { info: expandInfo(label, options.context ?? EMPTY, size), size });
}

/**
 * HKDF-Expand with any info (RFC 5869 §2.3).
 * @throws ProtocolError `limit` on a size outside 1..8160
 */
export function hkdfExpand(
  p: Pick<Primitives, 'hmacSha256'>,
  prk: SecretKey,
  wanted: { readonly info: Uint8Array; readonly size: number },
): Bytes {
  const { info, size } = wanted;
  if (!Number.isInteger(size) || size < 1 || size > MAX_OUTPUT) {
    throw new ProtocolError('limit', 'expand size', `expand: 1 to ${String(MAX_OUTPUT)} bytes can be derived`);
  }
  const key = prk.exposeSecretBytes();
  let block = p.hmacSha256(key, concat(info, FIRST_BLOCK));
  if (size === HASH_SIZE) return block;
  const out = new Uint8Array(size);
  for (let at = 0, counter = 1; ; block = p.hmacSha256(key, concat(block, info, u8(counter)))) {
    out.set(block.subarray(0, size - at), at);
    at += HASH_SIZE;
    counter += 1;
    if (at >= size) return out;
  }
}

/** info = u16(L) ‖ u8(len(full)) ‖ full ‖ u8(len(ctx)) ‖ ctx (§1). */
function expandInfo(label: string, context: Uint8Array, size: number): Bytes {
  const full = utf8(`${PROTOCOL} ${label}`);
  if (full.length > MAX_FIELD || context.length > MAX_FIELD) {
    throw new ProtocolError('limit', 'expand field', 'expand: label or context above 255 bytes');
  }
  // Written in one piece: this runs several times for every message.
  const info = new Uint8Array(4 + full.length + context.length);
  info[0] = size >>> 8;
  info[1] = size;
  info[2] = full.length;
  info.set(full, 3);
  info[3 + full.length] = context.length;
  info.set(context, 4 + full.length);
  return info;
}

function raw(value: Uint8Array | SecretKey): Uint8Array {
  return value instanceof SecretKey ? value.exposeSecretBytes() : value;
}
