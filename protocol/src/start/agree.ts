/** X25519 within a start: an all-zero output is the start's own refusal (§9.2). */
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';

/** @throws ProtocolError `start`, check `key` */
export function agree(p: Primitives, key: X25519PrivateKey, peer: Uint8Array): SecretKey {
  try {
    return p.x25519(key, peer);
  } catch (cause) {
    if (!isProtocolError(cause, 'primitive')) throw cause;
    throw new ProtocolError('start', 'key', 'A key of a start gives no shared secret.', { cause });
  }
}
