/** The original's checks, one pure step each, and the refusal that says how far a package got (§13). */
import { type Bytes, equalBytes, textOf } from '../bytes.ts';
import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { CLASSIC_MAX_AGE_SECONDS, CLASSIC_SALT } from '../limits.ts';
import type { Primitives, RsaPrivateKey, RsaPublicKey, SecretKey } from '../primitives.ts';
import type { ClassicPackage } from './package.ts';

/** The checks in the original's order. */
export const CLASSIC_CHECKS = ['hmac', 'unwrap', 'decrypt', 'age', 'signature'] as const;
export type ClassicCheckName = (typeof CLASSIC_CHECKS)[number];

/** How one check ended, in words for the proof line. */
export interface ClassicCheck {
  readonly check: ClassicCheckName;
  readonly holds: boolean;
  readonly text: string;
}

/** What the decrypt step yields. Nothing of it may be shown before the signature holds. */
export interface ClassicPlain {
  /** The sender's claim, unix seconds: neither signed nor under the MAC. */
  readonly stamp: number;
  readonly textBytes: Bytes;
  readonly text: string;
}

const SESSION_KEY = 32;
const NO_LABEL = new Uint8Array(0);
const BAR = 0x7c;
const STAMP = /^[0-9]{1,15}$/;

const CODES: Readonly<Record<ClassicCheckName, ProtocolErrorCode>> = {
  hmac: 'classic-hmac',
  unwrap: 'classic-unwrap',
  decrypt: 'classic-decrypt',
  age: 'classic-age',
  signature: 'classic-signature',
};

/**
 * A well-formed package that failed a check. It carries the checks up to the one that failed, and never the text: whoever
 * catches it cannot show what was not signed.
 */
export class ClassicRefusal extends ProtocolError {
  readonly checks: readonly ClassicCheck[];

  constructor(held: readonly ClassicCheck[], failed: ClassicCheckName, message: string) {
    super(CODES[failed], failed, message);
    this.checks = [...held, { check: failed, holds: false, text: message }];
  }
}

/** Whether the HMAC of the ciphertext holds under the pre-shared secret. The IV and the wrap are not under it. */
export function hmacHolds(p: Primitives, sealed: ClassicPackage, secret: SecretKey): boolean {
  return equalBytes(p.hmacSha256(secret.exposeSecretBytes(), sealed.ciphertext), sealed.hmac);
}

/** The session key (32), or undefined where the wrap does not open or holds another size. */
export async function unwrapSessionKey(
  p: Primitives,
  sealed: ClassicPackage,
  recipientPrivateKey: RsaPrivateKey,
): Promise<Bytes | undefined> {
  try {
    const key = await p.unwrapOaep(recipientPrivateKey, NO_LABEL, sealed.encryptedSessionKey);
    return key.length === SESSION_KEY ? key : undefined;
  } catch (error) {
    if (isProtocolError(error, 'primitive')) return undefined;
    throw error;
  }
}

/** The plaintext bytes, or undefined where the padding is bad. */
export function decryptCiphertext(p: Primitives, sealed: ClassicPackage, sessionKey: Bytes): Bytes | undefined {
  try {
    return p.decryptCbc(sessionKey, sealed.iv, sealed.ciphertext);
  } catch (error) {
    if (isProtocolError(error, 'primitive')) return undefined;
    throw error;
  }
}

/** `<1..15 ASCII digits>|<UTF-8>`, or undefined. Python's `int()` would take more: signs, spaces, other digits. */
export function parsePlain(plain: Bytes): ClassicPlain | undefined {
  const bar = plain.indexOf(BAR);
  const stamp = String.fromCharCode(...plain.subarray(0, Math.max(bar, 0)));
  const textBytes = plain.slice(bar + 1);
  const text = textOf(textBytes);
  if (text === undefined || !STAMP.test(stamp)) return undefined;
  return { stamp: Number(stamp), textBytes, text };
}

/** Whether the stamp is at most 60 s old. One from the future holds, as in the original. */
export function ageHolds(stamp: number, now: number): boolean {
  return now - stamp <= CLASSIC_MAX_AGE_SECONDS;
}

/** Whether the signature over the text holds, with the salt of exactly 222. */
export function signatureHolds(
  p: Primitives,
  { sealed, textBytes, senderPublicKey }: { sealed: ClassicPackage; textBytes: Bytes; senderPublicKey: RsaPublicKey },
): Promise<boolean> {
  return p.verifyPss(senderPublicKey, textBytes, sealed.signature, CLASSIC_SALT);
}
