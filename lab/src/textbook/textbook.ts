/**
 * The original program as a model for the attacks, faults included: a MAC secret printed in its source, the MAC over
 * the ciphertext alone, the signature over the text alone and in clear, `age > 60` the only bound, text shown although
 * its signature failed, any exception the end of the receiving thread, one recv one message, keys bound to no name.
 * Written on node:crypto with the package form of classic mode, because the product's own opening has none of these.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { type Bytes, equalBytes, textOf, utf8 } from '@waxwing/protocol';
import type { ClassicPackage } from '@waxwing/protocol/classic';
import { dumps, type Host, loads } from './pickle.ts';

/** The constant that anyone who has the program can read. */
export const PRINTED_SECRET = 'a_secret_that_stands_in_the_source';
/** The size of its one recv. */
export const ONE_RECV = 16_384;
const OLDEST = 60;

export interface TextbookKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A message as the screen shows it: the text, and the footer under it. */
export interface Shown {
  readonly text: string;
  /** Seconds, as Python counts them: exact however large. */
  readonly age: bigint;
  readonly signed: boolean;
}

function oaep(key: KeyObject): { key: KeyObject; padding: number; oaepHash: string } {
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
}

function pss(key: KeyObject, saltLength: number): { key: KeyObject; padding: number; saltLength: number } {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

/** HMAC-SHA256 of the ciphertext, under the secret everyone knows. */
export function textbookMac(ciphertext: Uint8Array): Bytes {
  return new Uint8Array(createHmac('sha256', PRINTED_SECRET).update(ciphertext).digest());
}

export function textbookSign(privateKey: KeyObject, text: string): Bytes {
  return new Uint8Array(sign('sha256', utf8(text), pss(privateKey, constants.RSA_PSS_SALTLEN_MAX_SIGN)));
}

export function textbookVerify(publicKey: KeyObject, text: string, signature: Uint8Array): boolean {
  return verify('sha256', utf8(text), pss(publicKey, constants.RSA_PSS_SALTLEN_AUTO), signature);
}

/** Everything but the signature: what an attacker without anyone's private key can make, too. */
export function textbookSealWith(
  recipient: KeyObject,
  { plain, signature }: { plain: string; signature: Uint8Array },
): ClassicPackage {
  const key = randomBytes(32);
  const iv = new Uint8Array(randomBytes(16));
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]));
  return {
    encryptedSessionKey: new Uint8Array(publicEncrypt(oaep(recipient), key)),
    iv,
    ciphertext,
    signature: new Uint8Array(signature),
    hmac: textbookMac(ciphertext),
  };
}

export function textbookSeal(
  text: string,
  { recipient, sender, now }: { recipient: KeyObject; sender: KeyObject; now: number },
): ClassicPackage {
  return textbookSealWith(recipient, { plain: `${now}|${text}`, signature: textbookSign(sender, text) });
}

/** Python's `int(text)`, as far as it is odd: spaces around, signs, underscores, other scripts' digits, any length. */
export function pythonInt(text: string): bigint {
  // Compatibility forms of digits (full-width ones …) are what NFKC maps to ASCII.
  const digits = text.trim().normalize('NFKC');
  const match = /^([+-]?)([0-9]+(?:_[0-9]+)*)$/.exec(digits);
  if (match?.[2] === undefined) throw new Error('ValueError: invalid literal for int() with base 10');
  const value = BigInt(match[2].replaceAll('_', ''));
  return match[1] === '-' ? -value : value;
}

// RSA decryption is a function of key and wrap; remembering it changes no answer and makes thousands of queries cheap.
const unwrapped = new WeakMap<KeyObject, WeakMap<Uint8Array, Buffer>>();

function unwrap(privateKey: KeyObject, wrapped: Uint8Array): Buffer {
  const known = unwrapped.get(privateKey) ?? new WeakMap<Uint8Array, Buffer>();
  unwrapped.set(privateKey, known);
  const key = known.get(wrapped) ?? privateDecrypt(oaep(privateKey), wrapped);
  known.set(wrapped, key);
  return key;
}

/** The layers 4, 2 and 1: throws what Python would raise. The messages are those its prompt prints. */
export function textbookDecrypt(sealed: ClassicPackage, recipient: KeyObject): Bytes {
  if (!equalBytes(textbookMac(sealed.ciphertext), sealed.hmac)) throw new Error('HMAC failed');
  const key = unwrap(recipient, sealed.encryptedSessionKey);
  const cipher = createDecipheriv('aes-256-cbc', key, sealed.iv);
  cipher.setAutoPadding(false);
  const padded = Buffer.concat([cipher.update(sealed.ciphertext), cipher.final()]);
  const last = padded.at(-1) ?? 0;
  const padding = padded.subarray(padded.length - last);
  if (last < 1 || last > 16 || !padding.every((byte) => byte === last)) throw new Error('Invalid padding bytes.');
  return new Uint8Array(padded.subarray(0, padded.length - last));
}

/** Opens as the original does; a bad signature only changes the footer. */
export function textbookOpen(
  sealed: ClassicPackage,
  { recipient, sender, now }: { recipient: KeyObject; sender: KeyObject; now: number },
): Shown {
  const plain = textOf(textbookDecrypt(sealed, recipient));
  if (plain === undefined) throw new Error('UnicodeDecodeError');
  const bar = plain.indexOf('|');
  if (bar === -1) throw new Error('ValueError: not enough values to unpack');
  const age = BigInt(now) - pythonInt(plain.slice(0, bar));
  if (age > OLDEST) throw new Error('Message too old');
  const text = plain.slice(bar + 1);
  return { text, age, signed: textbookVerify(sender, text, sealed.signature) };
}

/** The pickle of a package: one send, whatever its size. */
export function textbookDump(sealed: ClassicPackage): Bytes {
  return dumps([
    ['encrypted_session_key', sealed.encryptedSessionKey],
    ['iv', sealed.iv],
    ['ciphertext', sealed.ciphertext],
    ['signature', sealed.signature],
    ['hmac', sealed.hmac],
  ]);
}

/** The five values, whatever their sizes. */
function fieldsOf(dict: ReadonlyMap<string, Bytes>): ClassicPackage {
  const field = (name: string): Bytes => {
    const value = dict.get(name);
    if (value === undefined) throw new Error('KeyError');
    return value;
  };
  return {
    encryptedSessionKey: field('encrypted_session_key'),
    iv: field('iv'),
    ciphertext: field('ciphertext'),
    signature: field('signature'),
    hmac: field('hmac'),
  };
}

/** What pickle.loads gives, taken for a package. @throws Error as Python would raise, where it is none */
export function textbookLoad(bytes: Uint8Array, host: Host = new Map()): ClassicPackage {
  const loaded = loads(bytes, host);
  if (!(loaded instanceof Map)) throw new Error('TypeError');
  return fieldsOf(loaded as Map<string, Bytes>);
}

/** One end of the original's chat: what it sends, what its screen shows, and whether its receiving thread still lives. */
export class TextbookPeer {
  readonly keys: TextbookKeys;
  readonly screen: Shown[] = [];
  peerKey: KeyObject | undefined;
  threadAlive = true;
  /** What importing offers to a pickle. */
  readonly host: Host;

  constructor(keys: TextbookKeys, host: Host = new Map()) {
    this.keys = keys;
    this.host = host;
  }

  get pem(): Bytes {
    return utf8(this.keys.publicKey.export({ format: 'pem', type: 'spki' }) as string);
  }

  /** The recv that takes the peer's key: whatever PEM holds is a key, and whatever follows it is dropped. */
  recvKey(received: Uint8Array): void {
    const pem = /^-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/.exec(String.fromCharCode(...received));
    if (pem === null) throw new Error('ValueError: Unable to load PEM file'); // uncaught: the process ends
    this.peerKey = createPublicKey(pem[0]);
  }

  #peer(): KeyObject {
    if (this.peerKey === undefined) throw new Error('no key yet');
    return this.peerKey;
  }

  send(text: string, now: number): Bytes {
    return textbookDump(textbookSeal(text, { recipient: this.#peer(), sender: this.keys.privateKey, now }));
  }

  /** One recv of what has arrived: one message, whatever it is. Returns what is left for the next recv. */
  recv(arrived: Uint8Array, now: number): Uint8Array {
    if (!this.threadAlive) return arrived;
    try {
      const sealed = textbookLoad(arrived.subarray(0, ONE_RECV), this.host);
      this.screen.push(textbookOpen(sealed, { recipient: this.keys.privateKey, sender: this.#peer(), now }));
    } catch {
      this.threadAlive = false; // and nobody is told: the prompt lives on
    }
    return arrived.subarray(ONE_RECV);
  }
}
