/** An account and the fingerprint shown to people (§2): `SHA256:` and unpadded base64, as OpenSSH users know it. */
import { type Bytes, fromBase64Unpadded, toBase64Unpadded } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { HASH_SIZE } from '../limits.ts';
import type { Primitives, RsaPublicKey } from '../primitives.ts';

const PREFIX = 'SHA256:';

/** `account = H(SPKI)`, 32 bytes (§2). */
export function accountOf(p: Primitives, key: RsaPublicKey): Bytes {
  return p.sha256(key.spki);
}

/** The text of an account (32 bytes). */
export function encodeFingerprint(account: Uint8Array): string {
  return PREFIX + toBase64Unpadded(account);
}

/** The account (32 bytes) of a typed fingerprint. @throws ProtocolError `fingerprint` for any other text */
export function decodeFingerprint(text: string): Bytes {
  const account = text.startsWith(PREFIX) ? fromBase64Unpadded(text.slice(PREFIX.length)) : undefined;
  if (account?.length !== HASH_SIZE) {
    throw new ProtocolError('fingerprint', 'form', 'a fingerprint is SHA256: and 43 characters of base64');
  }
  return account;
}
