/**
 * The port of cryptographic primitives and the opaque keys that pass through it. Adapters: `primitives/node.ts`,
 * `primitives/web.ts`. Symmetric work and curves are synchronous; RSA is asynchronous, because WebCrypto has nothing else.
 */
import type { Bytes } from './bytes.ts';

const redacted = (kind: string): string => `[${kind} redacted]`;
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Base of all secret keys: redacts itself in JSON, string and inspect form. */
abstract class Redacted {
  readonly #bytes: Bytes;

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
  }

  /** The raw secret. Deliberately long: every use is a place to look at. */
  exposeSecretBytes(): Bytes {
    return this.#bytes;
  }

  toJSON(): string {
    return redacted(this.constructor.name);
  }

  toString(): string {
    return redacted(this.constructor.name);
  }

  [INSPECT](): string {
    return redacted(this.constructor.name);
  }
}

/** A symmetric secret: chain keys, roots, message keys, MAC keys (mostly 32 bytes). */
export class SecretKey extends Redacted {
  declare readonly kind: 'secret'; // for the compiler, to which the four would be one
}

/** An X25519 private key, 32 bytes. */
export class X25519PrivateKey extends Redacted {
  declare readonly kind: 'x25519';
}

/** An ML-KEM-768 decapsulation key in its seed form d ‖ z, 64 bytes (FIPS 203). */
export class MlKemPrivateKey extends Redacted {
  declare readonly kind: 'ml-kem-768';
}

/** An RSA-2048 private key, PKCS#8 DER. */
export class RsaPrivateKey extends Redacted {
  declare readonly kind: 'rsa';
}

/** An RSA public key that keeps the profile (§1.3). Made by `loadRsaPublicKey` only, which checks it. */
export class RsaPublicKey {
  /** DER SPKI, 294 bytes. */
  readonly spki: Bytes;

  constructor(spki: Uint8Array) {
    this.spki = new Uint8Array(spki);
  }
}

export interface RsaKeyPair {
  readonly publicKey: RsaPublicKey;
  readonly privateKey: RsaPrivateKey;
}

/** PSS salt lengths: 32 is waxwing/1 (§1.3), 222 is classic's maximal salt (§13). Never auto-detected. */
export type PssSaltLength = 32 | 222;

/**
 * What the protocol asks of a platform. Every refusal throws ProtocolError `primitive`; nothing else is ever thrown on
 * bad input. Adapters may cache imported keys by object identity.
 */
export interface Primitives {
  randomBytes(size: number): Bytes;
  sha256(data: Uint8Array): Bytes;
  sha512(data: Uint8Array): Bytes;
  hmacSha256(key: Uint8Array, data: Uint8Array): Bytes;
  /** AES-256-CBC with PKCS#7. `key` 32, `iv` 16 bytes. */
  encryptCbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Bytes;
  /** @throws ProtocolError `primitive` on a bad length or padding */
  decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Bytes;
  /** AES-256-GCM; the result is ciphertext ‖ 16-byte tag. `key` 32, `nonce` 12 bytes. */
  sealGcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Bytes;
  /** @throws ProtocolError `primitive` where the tag does not hold */
  openGcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, box: Uint8Array): Bytes;
  /** The public key (32) of an X25519 private key. */
  x25519PublicKey(key: X25519PrivateKey): Bytes;
  /** The shared secret (32). @throws ProtocolError `primitive` on a wrong size or an all-zero output */
  x25519(key: X25519PrivateKey, peer: Uint8Array): SecretKey;
  /** EK (1184) of an ML-KEM-768 seed. */
  mlKemPublicKey(key: MlKemPrivateKey): Bytes;
  /** @throws ProtocolError `primitive` on a wrong size or a failed modulus check */
  mlKemEncapsulate(publicKey: Uint8Array): { readonly ciphertext: Bytes; readonly shared: SecretKey };
  /** @throws ProtocolError `primitive` on a wrong size (a wrong ciphertext gives a wrong secret: implicit rejection) */
  mlKemDecapsulate(key: MlKemPrivateKey, ciphertext: Uint8Array): SecretKey;
  /** A new RSA-2048 key, e = 65537. */
  generateRsa(): Promise<RsaKeyPair>;
  /** PSS over SHA-256 with MGF1-SHA256; 256 bytes. */
  signPss(key: RsaPrivateKey, message: Uint8Array, salt: PssSaltLength): Promise<Bytes>;
  /** False on any bad signature; never throws for one. */
  verifyPss(key: RsaPublicKey, message: Uint8Array, signature: Uint8Array, salt: PssSaltLength): Promise<boolean>;
  /** OAEP with SHA-256 and MGF1-SHA256; 256 bytes. An empty label is no label. */
  wrapOaep(key: RsaPublicKey, label: Uint8Array, secret: Uint8Array): Promise<Bytes>;
  /** @throws ProtocolError `primitive` on any failure, one error for all */
  unwrapOaep(key: RsaPrivateKey, label: Uint8Array, wrapped: Uint8Array): Promise<Bytes>;
}
