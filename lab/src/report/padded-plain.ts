/** What layer 1 encrypts, byte for byte: P, its padding, and the one byte that PKCS#7 adds (§5.3). */
import { createDecipheriv } from 'node:crypto';
import type { Bytes, SecretKey } from '@waxwing/protocol';

export interface PaddedPlain {
  readonly bytes: Bytes;
  /** P alone. */
  readonly plain: Bytes;
}

/** From the ciphertext, with nothing taken away. `size`: |P|. */
export function decryptedPlain(
  { iv, ct }: { readonly iv: Uint8Array; readonly ct: Uint8Array },
  key: SecretKey,
  size: number,
): PaddedPlain {
  const cipher = createDecipheriv('aes-256-cbc', key.exposeSecretBytes(), iv).setAutoPadding(false);
  const bytes = new Uint8Array(Buffer.concat([cipher.update(ct), cipher.final()]));
  return { bytes, plain: bytes.slice(0, size) };
}
