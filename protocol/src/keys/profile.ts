/** The one RSA profile (§1.3): RSA-2048, e = 65537, one DER form; PSS over SHA-256 with a salt of exactly 32 bytes. */
import { type Bytes, equalBytes, fromHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { PSS_SALT, SIGNATURE_SIZE, SPKI_SIZE } from '../limits.ts';
import { type Primitives, type RsaPrivateKey, RsaPublicKey } from '../primitives.ts';

const SPKI_HEAD = fromHex('30820122300d06092a864886f70d01010105000382010f003082010a0282010100');
const SPKI_TAIL = fromHex('0203010001');

/**
 * A public key from its DER SPKI (294 bytes), which is refused unless it is exactly of the profile's form (§1.3).
 * @throws ProtocolError `profile`
 */
export function loadRsaPublicKey(spki: Uint8Array): RsaPublicKey {
  if (spki.length !== SPKI_SIZE) throw new ProtocolError('profile', 'size', `a public key has not ${SPKI_SIZE} bytes`);
  const modulus = spki.subarray(SPKI_HEAD.length, SPKI_SIZE - SPKI_TAIL.length);
  if (
    !equalBytes(spki.subarray(0, SPKI_HEAD.length), SPKI_HEAD) ||
    !equalBytes(spki.subarray(SPKI_SIZE - SPKI_TAIL.length), SPKI_TAIL)
  ) {
    throw new ProtocolError('profile', 'form', 'a public key is not RSA-2048 with e = 65537');
  }
  if ((modulus[0] as number) < 0x80 || (modulus[modulus.length - 1] as number) % 2 === 0) {
    throw new ProtocolError('profile', 'modulus', 'a modulus is even or has not exactly 2048 bits');
  }
  return new RsaPublicKey(spki);
}

/** Whether two public keys are the same key. */
export function sameKey(a: RsaPublicKey, b: RsaPublicKey): boolean {
  return equalBytes(a.spki, b.spki);
}

/** The PSS signature (256 bytes) over a statement (§1.2, §1.3). */
export function signStatement(p: Primitives, key: RsaPrivateKey, statement: Uint8Array): Promise<Bytes> {
  return p.signPss(key, statement, PSS_SALT);
}

/** Whether `signature` is `key`'s over `statement`. False for any other size; never throws for a bad signature. */
export async function verifyStatement(
  p: Primitives,
  key: RsaPublicKey,
  statement: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return signature.length === SIGNATURE_SIZE && (await p.verifyPss(key, statement, signature, PSS_SALT));
}
