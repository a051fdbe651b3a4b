/**
 * The primitives on node:crypto. Only the making of RSA keys runs on the thread pool: the way there and back costs a fifth
 * of a private operation (a quarter of a millisecond), and more on a busy machine.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPair,
  hash,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  type RsaPrivateKey as RsaPrivateKeyOptions,
  sign,
  type KeyObject,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { type Bytes, concat, equalBytes, fromHex } from '../bytes.ts';
import {
  GCM_NONCE_SIZE,
  GCM_TAG_SIZE,
  IV_SIZE,
  MLKEM_CT_SIZE,
  MLKEM_EK_SIZE,
  MLKEM_SEED_SIZE,
  SYMMETRIC_KEY_SIZE,
  X25519_SIZE,
} from '../limits.ts';
import {
  type MlKemPrivateKey,
  type Primitives,
  type PssSaltLength,
  RsaPrivateKey,
  RsaPublicKey,
  SecretKey,
  type X25519PrivateKey,
} from '../primitives.ts';
import { checkSize, once, refuse, refusing } from './refusal.ts';

// DER around raw keys: SubjectPublicKeyInfo (RFC 5280) and PKCS#8 (RFC 5958) of RFC 8410 and RFC 9935.
const X25519_SPKI = fromHex('302a300506032b656e032100');
const X25519_PKCS8 = fromHex('302e020100300506032b656e04220420');
const MLKEM_SPKI = fromHex('308204b2300b0609608648016503040402038204a100');
const MLKEM_PKCS8_SEED = fromHex('3054020100300b060960864801650304040204428040');

/** A plain view of a Buffer: Buffer's own `slice` and prototype must not leak into the protocol. */
function plain(buffer: Uint8Array): Bytes {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}

// Imports cost as much as the operations themselves: each key object is imported once.
const imported = new WeakMap<X25519PrivateKey | MlKemPrivateKey | RsaPrivateKey | RsaPublicKey, KeyObject>();

/**
 * Runs a call that takes a key with options. node:crypto finds out that such an object is no key by throwing and catching,
 * twice a call; measured, to collect the two stacks takes as long as a public RSA operation, so none is collected. What
 * `run` throws itself has none either: `refusing` around it makes an error that has.
 */
function withoutStacks<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function importPrivate(der: Uint8Array): KeyObject {
  const options = { key: Buffer.from(der), format: 'der', type: 'pkcs8' } as const;
  return withoutStacks(() => createPrivateKey(options));
}

function importPublic(der: Uint8Array): KeyObject {
  const options = { key: Buffer.from(der), format: 'der', type: 'spki' } as const;
  return withoutStacks(() => createPublicKey(options));
}

/** Measured: ciphers and HMACs made with raw key bytes take three to five times as long as with a KeyObject. */
function symmetric(key: Uint8Array): KeyObject {
  return createSecretKey(key);
}

const recordKeys = new WeakMap<Uint8Array, KeyObject>();

/** A key of GCM seals or opens a million records (§4): it is imported once, as long as its bytes are the same object. */
function recordKey(key: Uint8Array): KeyObject {
  return once(recordKeys, key, () => symmetric(key));
}

function x25519Private(key: X25519PrivateKey): KeyObject {
  return once(imported, key, () => {
    checkSize('x25519 key', key.exposeSecretBytes(), X25519_SIZE);
    return importPrivate(concat(X25519_PKCS8, key.exposeSecretBytes()));
  });
}

function mlKemPrivate(key: MlKemPrivateKey): KeyObject {
  return once(imported, key, () => {
    checkSize('ml-kem key', key.exposeSecretBytes(), MLKEM_SEED_SIZE);
    return importPrivate(concat(MLKEM_PKCS8_SEED, key.exposeSecretBytes()));
  });
}

/** The RSA profile's size and exponent (§1.3), for private keys too. */
function checkRsa(key: KeyObject): KeyObject {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa' || modulusLength !== 2048 || publicExponent !== 65537n) {
    throw refuse('rsa key', 'an RSA key of 2048 bits with exponent 65537 is expected');
  }
  return key;
}

function rsaPrivate(key: RsaPrivateKey): KeyObject {
  return once(imported, key, () => refusing('rsa key', () => checkRsa(importPrivate(key.exposeSecretBytes()))));
}

function rsaPublic(key: RsaPublicKey): KeyObject {
  return once(imported, key, () => refusing('rsa key', () => checkRsa(importPublic(key.spki))));
}

const generate = promisify(generateKeyPair);

function publicRaw(key: KeyObject, prefix: Uint8Array): Bytes {
  return plain(createPublicKey(key).export({ format: 'der', type: 'spki' })).slice(prefix.length);
}

function pss(key: KeyObject, saltLength: PssSaltLength): { key: KeyObject; padding: number; saltLength: number } {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

function oaep(key: KeyObject, oaepLabel: Uint8Array): RsaPrivateKeyOptions {
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel };
}

export const nodePrimitives: Primitives = {
  randomBytes: (size) =>
    refusing('random', () => {
      if (!Number.isInteger(size)) throw refuse('random', 'a whole number of bytes expected');
      return plain(randomBytes(size));
    }),

  sha256: (data) => plain(hash('sha256', data, 'buffer')),

  sha512: (data) => plain(hash('sha512', data, 'buffer')),

  // A KeyObject: with raw bytes, createHmac and createCipheriv take several times as long.
  hmacSha256: (key, data) => plain(createHmac('sha256', symmetric(key)).update(data).digest()),

  encryptCbc: (key, iv, data) => {
    checkSize('cbc key', key, SYMMETRIC_KEY_SIZE);
    checkSize('cbc iv', iv, IV_SIZE);
    const cipher = createCipheriv('aes-256-cbc', symmetric(key), iv);
    return concat(cipher.update(data), cipher.final());
  },

  decryptCbc: (key, iv, ciphertext) =>
    refusing('cbc', () => {
      checkSize('cbc key', key, SYMMETRIC_KEY_SIZE);
      checkSize('cbc iv', iv, IV_SIZE);
      const cipher = createDecipheriv('aes-256-cbc', symmetric(key), iv);
      return concat(cipher.update(ciphertext), cipher.final());
    }),

  sealGcm: (key, nonce, aad, data) => {
    checkSize('gcm key', key, SYMMETRIC_KEY_SIZE);
    checkSize('gcm nonce', nonce, GCM_NONCE_SIZE);
    const cipher = createCipheriv('aes-256-gcm', recordKey(key), nonce);
    cipher.setAAD(aad);
    return concat(cipher.update(data), cipher.final(), cipher.getAuthTag());
  },

  openGcm: (key, nonce, aad, box) =>
    refusing('gcm', () => {
      checkSize('gcm key', key, SYMMETRIC_KEY_SIZE);
      checkSize('gcm nonce', nonce, GCM_NONCE_SIZE);
      // The length is said, because Node.js would take a shorter tag too.
      const cipher = createDecipheriv('aes-256-gcm', recordKey(key), nonce, { authTagLength: GCM_TAG_SIZE });
      cipher.setAAD(aad);
      cipher.setAuthTag(box.subarray(box.length - GCM_TAG_SIZE));
      const data = cipher.update(box.subarray(0, box.length - GCM_TAG_SIZE));
      cipher.final(); // holds no more data: it judges the tag
      return plain(data);
    }),

  x25519PublicKey: (key) => publicRaw(x25519Private(key), X25519_SPKI),

  x25519: (key, peer) =>
    refusing('x25519', () => {
      checkSize('x25519 peer', peer, X25519_SIZE);
      const publicKey = importPublic(concat(X25519_SPKI, peer));
      const shared = diffieHellman({ privateKey: x25519Private(key), publicKey });
      // OpenSSL refuses an all-zero output itself; the protocol depends on it (§3), so it is looked at once more.
      if (equalBytes(shared, new Uint8Array(X25519_SIZE))) throw refuse('x25519', 'all-zero output');
      return new SecretKey(shared);
    }),

  mlKemPublicKey: (key) => publicRaw(mlKemPrivate(key), MLKEM_SPKI),

  // The import makes the modulus check of FIPS 203 §7.2: a coefficient of 3329 or more is refused there.
  mlKemEncapsulate: (publicKey) =>
    refusing('ml-kem', () => {
      checkSize('ml-kem public key', publicKey, MLKEM_EK_SIZE);
      const result = encapsulate(importPublic(concat(MLKEM_SPKI, publicKey)));
      return { ciphertext: plain(result.ciphertext), shared: new SecretKey(result.sharedKey) };
    }),

  mlKemDecapsulate: (key, ciphertext) => {
    checkSize('ml-kem ciphertext', ciphertext, MLKEM_CT_SIZE);
    return new SecretKey(decapsulate(mlKemPrivate(key), ciphertext));
  },

  generateRsa: async () => {
    const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048, publicExponent: 65537 });
    return {
      publicKey: new RsaPublicKey(publicKey.export({ format: 'der', type: 'spki' })),
      privateKey: new RsaPrivateKey(privateKey.export({ format: 'der', type: 'pkcs8' })),
    };
  },

  // Async although nothing waits: a refused key must be a rejection, as the port says.
  signPss: async (key, message, salt) => {
    const options = pss(rsaPrivate(key), salt);
    return plain(withoutStacks(() => sign('sha256', message, options)));
  },

  verifyPss: async (key, message, signature, salt) => {
    const options = pss(rsaPublic(key), salt);
    return withoutStacks(() => verify('sha256', message, options, signature));
  },

  wrapOaep: async (key, label, secret) =>
    refusing('oaep', () => {
      const options = oaep(rsaPublic(key), label);
      return plain(withoutStacks(() => publicEncrypt(options, secret)));
    }),

  unwrapOaep: async (key, label, wrapped) => {
    const options = oaep(rsaPrivate(key), label);
    try {
      return plain(withoutStacks(() => privateDecrypt(options, wrapped)));
    } catch {
      // One error for every cause, without the platform's own: nothing here may tell them apart.
      throw refuse('oaep', 'does not open');
    }
  },
};
