/** Sealing as the original program does it (§13). Insecure by design: an exhibit, and a way to talk to old peers. */
import { concat, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { CLASSIC_MAX_PACKAGE, CLASSIC_SALT, IV_SIZE } from '../limits.ts';
import type { Primitives, RsaPrivateKey, RsaPublicKey, SecretKey } from '../primitives.ts';
import type { ClassicPackage } from './package.ts';

export interface ClassicSealing {
  readonly message: string;
  readonly recipientPublicKey: RsaPublicKey;
  readonly senderPrivateKey: RsaPrivateKey;
  /** The pre-shared HMAC secret, its bytes as given. */
  readonly secret: SecretKey;
  /** Own clock, whole unix seconds. */
  readonly now: number;
}

const SESSION_KEY = 32;
const NO_LABEL = new Uint8Array(0);

/**
 * Seals one text: a fresh AES key and IV, the key wrapped, the text signed (not the time), the ciphertext MACed (not the
 * IV). All of it as the original does.
 * @throws ProtocolError `limit` where the text can fit no package
 */
export async function encryptMessage(p: Primitives, sealing: ClassicSealing): Promise<ClassicPackage> {
  const text = utf8(sealing.message);
  if (text.length > CLASSIC_MAX_PACKAGE) {
    throw new ProtocolError(
      'limit',
      'classic-package',
      `The message has ${String(text.length)} bytes; a classic peer reads at most ${String(CLASSIC_MAX_PACKAGE)} with all that goes with it.`,
    );
  }
  const sessionKey = p.randomBytes(SESSION_KEY);
  const iv = p.randomBytes(IV_SIZE);
  const stamp = utf8(`${String(Math.floor(sealing.now))}|`);
  const ciphertext = p.encryptCbc(sessionKey, iv, concat(stamp, text));
  const [signature, encryptedSessionKey] = await Promise.all([
    p.signPss(sealing.senderPrivateKey, text, CLASSIC_SALT),
    p.wrapOaep(sealing.recipientPublicKey, NO_LABEL, sessionKey),
  ]);
  const hmac = p.hmacSha256(sealing.secret.exposeSecretBytes(), ciphertext);
  return { encryptedSessionKey, iv, ciphertext, signature, hmac };
}
