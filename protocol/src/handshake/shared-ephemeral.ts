/** The server's key-agreement keys of F1 (§3), which connections may share for at most a second. */
import type { Bytes } from '../bytes.ts';
import { MLKEM_SEED_SIZE, SHARED_EPHEMERAL_LIFE, X25519_SIZE } from '../limits.ts';
import { MlKemPrivateKey, type Primitives, X25519PrivateKey } from '../primitives.ts';

export interface SharedEphemeral {
  readonly dh: X25519PrivateKey;
  /** X_s of F1, 32. */
  readonly dhPublic: Bytes;
  readonly mlKem: MlKemPrivateKey;
  /** EK of F1, 1184. */
  readonly mlKemPublic: Bytes;
  readonly madeAt: number;
  /** No F1 is made with it from then on; make the next one and drop this. */
  readonly expiresAt: number;
}

/** A fresh pair of both kinds. Under load it saves a listener most of the cost of a caller that never answers. */
export function createSharedEphemeral(p: Primitives, now: number): SharedEphemeral {
  const dh = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  const mlKem = new MlKemPrivateKey(p.randomBytes(MLKEM_SEED_SIZE));
  return {
    dh,
    dhPublic: p.x25519PublicKey(dh),
    mlKem,
    mlKemPublic: p.mlKemPublicKey(mlKem),
    madeAt: now,
    expiresAt: now + SHARED_EPHEMERAL_LIFE,
  };
}
