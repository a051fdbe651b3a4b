/** Opening as the original program does it, in its order: HMAC, unwrap, decrypt, age, signature (§13). */
import type { Primitives, RsaPrivateKey, RsaPublicKey, SecretKey } from '../primitives.ts';
import {
  ageHolds,
  type ClassicCheck,
  type ClassicCheckName,
  ClassicRefusal,
  decryptCiphertext,
  hmacHolds,
  parsePlain,
  signatureHolds,
  unwrapSessionKey,
} from './checks.ts';
import type { ClassicPackage } from './package.ts';

export interface ClassicOpening {
  readonly package: ClassicPackage;
  readonly recipientPrivateKey: RsaPrivateKey;
  readonly senderPublicKey: RsaPublicKey;
  /** The pre-shared HMAC secret, its bytes as given. */
  readonly secret: SecretKey;
  /** Own clock, whole unix seconds. */
  readonly now: number;
}

/** A message of which all five checks held: which is less than it sounds, see the specification. */
export interface ClassicMessage {
  readonly message: string;
  /** The sender's claim, unix seconds. */
  readonly sent: number;
  /** Seconds; negative where the stamp lies in the future, which the original accepts. */
  readonly age: number;
  /** All five, in the original's order. */
  readonly checks: readonly ClassicCheck[];
}

function held(check: ClassicCheckName, text: string): ClassicCheck {
  return { check, holds: true, text };
}

/**
 * Opens one package (§13). The text comes out only when every check held.
 * @throws ClassicRefusal (a ProtocolError `classic-hmac`, `-unwrap`, `-decrypt`, `-age` or `-signature`)
 */
export async function decryptMessage(p: Primitives, opening: ClassicOpening): Promise<ClassicMessage> {
  const { package: sealed, now } = opening;
  const checks: ClassicCheck[] = [];

  if (!hmacHolds(p, sealed, opening.secret)) {
    throw new ClassicRefusal(checks, 'hmac', 'The HMAC does not hold: altered, or made under another secret.');
  }
  checks.push(held('hmac', 'HMAC VERIFIED'));

  const sessionKey = await unwrapSessionKey(p, sealed, opening.recipientPrivateKey);
  if (sessionKey === undefined) {
    throw new ClassicRefusal(checks, 'unwrap', 'The session key does not unwrap with this key.');
  }
  checks.push(held('unwrap', 'Session key unwrapped'));

  const bytes = decryptCiphertext(p, sealed, sessionKey);
  const plain = bytes === undefined ? undefined : parsePlain(bytes);
  if (plain === undefined) {
    throw new ClassicRefusal(checks, 'decrypt', 'The ciphertext does not decrypt to a time and a text.');
  }
  checks.push(held('decrypt', 'Message decrypted'));

  const age = now - plain.stamp;
  if (!ageHolds(plain.stamp, now)) {
    throw new ClassicRefusal(checks, 'age', `The message is too old (${String(age)}s).`);
  }
  checks.push(held('age', `Message verified(${String(Math.max(0, age))}s old)`));

  const { textBytes } = plain;
  if (!(await signatureHolds(p, { sealed, textBytes, senderPublicKey: opening.senderPublicKey }))) {
    throw new ClassicRefusal(checks, 'signature', "The signature is not the peer's; the text is not shown.");
  }
  checks.push(held('signature', 'Signature verified!'));
  return { message: plain.text, sent: plain.stamp, age, checks };
}
