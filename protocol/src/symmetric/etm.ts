/** Encrypt-then-MAC boxes (§3): iv(16) ‖ AES-256-CBC ‖ HMAC over u32(|aad|) ‖ aad ‖ iv ‖ ct. */
import { type Bytes, concat, equalBytes, u32 } from '../bytes.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { CBC_BLOCK_SIZE, IV_SIZE, SYMMETRIC_KEY_SIZE, TAG_SIZE } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';

export interface EtmPlain {
  /** 64 bytes: the first half encrypts, the second authenticates. */
  readonly key: SecretKey;
  readonly aad: Uint8Array;
  readonly plain: Uint8Array;
}

export interface EtmBox {
  /** 64 bytes: the first half encrypts, the second authenticates. */
  readonly key: SecretKey;
  readonly aad: Uint8Array;
  /** iv ‖ ciphertext ‖ tag, 64 bytes or more. */
  readonly box: Uint8Array;
}

/**
 * The box of `plain` under a fresh iv (§3).
 * @throws ProtocolError `etm` on a key that is not 64 bytes
 */
export function sealEtm(p: Primitives, { key, aad, plain }: EtmPlain): Bytes {
  const { aes, mac } = halves(key);
  const iv = p.randomBytes(IV_SIZE);
  const body = concat(iv, p.encryptCbc(aes, iv, plain));
  return concat(body, p.hmacSha256(mac, concat(u32(aad.length), aad, body)));
}

/**
 * The plaintext of a box; its MAC is checked before anything is decrypted (§3).
 * @throws ProtocolError `etm`, check `size`, `mac` or `padding`
 */
export function openEtm(p: Primitives, { key, aad, box }: EtmBox): Bytes {
  const { aes, mac } = halves(key);
  const blocks = box.length - IV_SIZE - TAG_SIZE;
  if (blocks < CBC_BLOCK_SIZE || blocks % CBC_BLOCK_SIZE !== 0) {
    throw new ProtocolError('etm', 'size', 'the box is not an iv, whole blocks and a tag');
  }
  const body = box.subarray(0, IV_SIZE + blocks);
  const tag = p.hmacSha256(mac, concat(u32(aad.length), aad, body));
  if (!equalBytes(tag, box.subarray(IV_SIZE + blocks))) {
    throw new ProtocolError('etm', 'mac', 'the MAC of the box does not hold');
  }
  try {
    return p.decryptCbc(aes, box.subarray(0, IV_SIZE), body.subarray(IV_SIZE));
  } catch (cause) {
    if (!isProtocolError(cause, 'primitive')) throw cause;
    throw new ProtocolError('etm', 'padding', 'the padding of the box is wrong', { cause });
  }
}

function halves(key: SecretKey): { readonly aes: Uint8Array; readonly mac: Uint8Array } {
  const bytes = key.exposeSecretBytes();
  if (bytes.length !== 2 * SYMMETRIC_KEY_SIZE) throw new ProtocolError('etm', 'key', 'the key is not 64 bytes');
  return { aes: bytes.subarray(0, SYMMETRIC_KEY_SIZE), mac: bytes.subarray(SYMMETRIC_KEY_SIZE) };
}
