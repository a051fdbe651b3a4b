/** The five-field package of the original program (§13): its type, its shape check, its two encodings. */
import type { Bytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { IV_SIZE, SIGNATURE_SIZE, TAG_SIZE, WRAP_SIZE } from '../limits.ts';
import { pickle } from './pickler.ts';
import { type PickledDict, unpickle } from './unpickler.ts';

/** One message of the original program, sealed. The signature travels in clear, as it did there. */
export interface ClassicPackage {
  /** The AES key, RSA-OAEP-SHA256 without a label (256). */
  readonly encryptedSessionKey: Bytes;
  /** 16 bytes, outside the MAC. */
  readonly iv: Bytes;
  /** AES-256-CBC of `<unix seconds>|<text>`: a positive multiple of 16. */
  readonly ciphertext: Bytes;
  /** RSA-PSS-SHA256 over the text alone, salt 222 (256). */
  readonly signature: Bytes;
  /** HMAC-SHA256 of the ciphertext alone (32). */
  readonly hmac: Bytes;
}

const BLOCK = 16;

const FIELDS: readonly (readonly [string, keyof ClassicPackage, number?])[] = [
  ['encrypted_session_key', 'encryptedSessionKey', WRAP_SIZE],
  ['iv', 'iv', IV_SIZE],
  ['ciphertext', 'ciphertext'],
  ['signature', 'signature', SIGNATURE_SIZE],
  ['hmac', 'hmac', TAG_SIZE],
];

function refuse(message: string): ProtocolError {
  return new ProtocolError('classic-format', 'shape', message);
}

function field(dict: PickledDict, name: string, size: number | undefined): Bytes {
  const value = dict.get(name);
  if (value === undefined) throw refuse(`The package has no '${name}'.`);
  if (size !== undefined && value.length !== size) {
    throw refuse(`'${name}' has ${String(value.length)} bytes in place of ${String(size)}.`);
  }
  return value;
}

/**
 * The package that a dict is, where it has exactly the five keys and their sizes.
 * @throws ProtocolError `classic-format`, check `shape` (§13)
 */
export function packageOf(dict: PickledDict): ClassicPackage {
  const found: Partial<Record<keyof ClassicPackage, Bytes>> = {};
  for (const [name, key, size] of FIELDS) found[key] = field(dict, name, size);
  if (dict.size !== FIELDS.length) throw refuse('The package has a key too many.');
  const complete = found as ClassicPackage;
  if (complete.ciphertext.length === 0 || complete.ciphertext.length % BLOCK !== 0) {
    throw refuse(
      `'ciphertext' has ${String(complete.ciphertext.length)} bytes, no positive multiple of ${String(BLOCK)}.`,
    );
  }
  return complete;
}

/**
 * The pickle of a package, as Python's protocol 4 would write it.
 * @throws ProtocolError `limit` above 16,384 bytes (§13)
 */
export function encodePackage(sealed: ClassicPackage): Bytes {
  return pickle(FIELDS.map(([name, key]) => [name, sealed[key]] as const));
}

/**
 * The package of one whole pickle.
 * @throws ProtocolError `classic-format` on anything else (§13)
 */
export function decodePackage(bytes: Uint8Array): ClassicPackage {
  return packageOf(unpickle(bytes));
}
