/** Padding of layer 1 (§5.3): 80, zeros, and the single 01 that PKCS#7 then adds, up to a length that says little. */
import type { Bytes } from '../bytes.ts';
import { ProtocolError, isProtocolError } from '../errors.ts';
import { CBC_BLOCK_SIZE, MIN_CIPHERTEXT } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { padWithMarker, unpadMarked } from '../symmetric/marker-padding.ts';

/** L of §5.3: the ciphertext's length for `size` bytes of plain text. */
export function paddedLength(size: number): number {
  const least = size + 2;
  const exponent = bitLength(least) - 1;
  const step = 2 ** (exponent - bitLength(exponent)); // Padmé: all but the top s + 1 bits are zero
  const rounded = Math.ceil(least / step) * step;
  return Math.max(MIN_CIPHERTEXT, Math.ceil(rounded / CBC_BLOCK_SIZE) * CBC_BLOCK_SIZE);
}

/** `plain ‖ 80 ‖ 00…`, L − 1 bytes: PKCS#7 adds exactly one 01. */
export function pad(plain: Uint8Array): Bytes {
  return padWithMarker(plain, paddedLength(plain.length));
}

/**
 * The plain text of L − 1 bytes from which PKCS#7 is already gone.
 * @throws ProtocolError `envelope-3` for anything but the one padding of that plain text
 */
export function unpad(padded: Uint8Array): Bytes {
  const plain = unpadMarked(padded, paddedLength);
  if (plain === undefined) throw new ProtocolError('envelope-3', 'padding', 'the padding is not exact');
  return plain;
}

/** AES-256-CBC(k_aes, iv, pad(plain) + PKCS7) (§5) */
export function encryptPadded(
  p: Primitives,
  key: SecretKey,
  message: { readonly iv: Uint8Array; readonly plain: Uint8Array },
): Bytes {
  return p.encryptCbc(key.exposeSecretBytes(), message.iv, pad(message.plain));
}

/** @throws ProtocolError `envelope-3` for anything but the one padding of some plain text */
export function decryptPadded(
  p: Primitives,
  key: SecretKey,
  message: { readonly iv: Uint8Array; readonly ct: Uint8Array },
): Bytes {
  let padded: Bytes;
  try {
    padded = p.decryptCbc(key.exposeSecretBytes(), message.iv, message.ct);
  } catch (error) {
    if (!isProtocolError(error, 'primitive')) throw error;
    throw new ProtocolError('envelope-3', 'padding', 'the padding is not exact', { cause: error });
  }
  return unpad(padded);
}

function bitLength(value: number): number {
  return 32 - Math.clz32(value);
}
