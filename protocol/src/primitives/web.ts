/**
 * The primitives for browsers and any other platform with WebCrypto: RSA and randomness from it, the rest from noble,
 * because WebCrypto is asynchronous throughout and the port is not. Needs a secure context (https or localhost).
 */
import { cbc, gcm } from '@noble/ciphers/aes.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { type Bytes, equalBytes } from '../bytes.ts';
import {
  GCM_NONCE_SIZE,
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
  RsaPrivateKey,
  RsaPublicKey,
  SecretKey,
  type X25519PrivateKey,
} from '../primitives.ts';
import { checkSize, once, refuse, refusing, refusingAsync } from './refusal.ts';

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type KeyAlgorithm = CryptoKey['algorithm'];
interface RsaDetails {
  readonly modulusLength: number;
  readonly publicExponent: Bytes;
}
type RsaUse = 'sign' | 'verify' | 'encrypt' | 'decrypt';

const RANDOM_CHUNK = 65_536; // the most getRandomValues gives at once
const EXPONENT = new Uint8Array([1, 0, 1]);
const ZERO_SHARED = new Uint8Array(X25519_SIZE);

/** The imported keys of one use: RSA-PSS and RSA-OAEP keys are different objects to WebCrypto. */
type KeyCache = WeakMap<RsaPrivateKey | RsaPublicKey, Promise<CryptoKey>>;
const cache: Record<RsaUse, KeyCache> = {
  sign: new WeakMap(),
  verify: new WeakMap(),
  encrypt: new WeakMap(),
  decrypt: new WeakMap(),
};
const mlKemPairs = new WeakMap<MlKemPrivateKey, ReturnType<typeof ml_kem768.keygen>>();

function rsaKey(key: RsaPrivateKey | RsaPublicKey, use: RsaUse): Promise<CryptoKey> {
  return once(cache[use], key, () => importRsa(key, use));
}

async function importRsa(key: RsaPrivateKey | RsaPublicKey, use: RsaUse): Promise<CryptoKey> {
  const algorithm = { name: use === 'sign' || use === 'verify' ? 'RSA-PSS' : 'RSA-OAEP', hash: 'SHA-256' };
  const imported = await refusingAsync('rsa key', () =>
    key instanceof RsaPublicKey
      ? crypto.subtle.importKey('spki', key.spki, algorithm, false, [use])
      : crypto.subtle.importKey('pkcs8', key.exposeSecretBytes(), algorithm, false, [use]),
  );
  // The RSA profile's size and exponent (§1.3), for private keys too.
  const { modulusLength, publicExponent } = imported.algorithm as KeyAlgorithm & RsaDetails;
  if (modulusLength !== 2048 || !equalBytes(publicExponent, EXPONENT)) {
    throw refuse('rsa key', 'an RSA key of 2048 bits with exponent 65537 is expected');
  }
  return imported;
}

function oaep(label: Uint8Array): { name: string; label: Bytes } {
  return { name: 'RSA-OAEP', label: label as Bytes };
}

function x25519Secret(key: X25519PrivateKey): Bytes {
  checkSize('x25519 key', key.exposeSecretBytes(), X25519_SIZE);
  return key.exposeSecretBytes();
}

function mlKemPair(key: MlKemPrivateKey): ReturnType<typeof ml_kem768.keygen> {
  return once(mlKemPairs, key, () => {
    checkSize('ml-kem key', key.exposeSecretBytes(), MLKEM_SEED_SIZE);
    return ml_kem768.keygen(key.exposeSecretBytes());
  });
}

export const webPrimitives: Primitives = {
  randomBytes: (size) =>
    refusing('random', () => {
      if (!Number.isInteger(size)) throw refuse('random', 'a whole number of bytes expected');
      const out = new Uint8Array(size);
      for (let at = 0; at < size; at += RANDOM_CHUNK) crypto.getRandomValues(out.subarray(at, at + RANDOM_CHUNK));
      return out;
    }),

  sha256: (data) => sha256(data),

  sha512: (data) => sha512(data),

  hmacSha256: (key, data) => hmac(sha256, key, data),

  encryptCbc: (key, iv, plain) => {
    checkSize('cbc key', key, SYMMETRIC_KEY_SIZE);
    checkSize('cbc iv', iv, IV_SIZE);
    return cbc(key, iv).encrypt(plain);
  },

  decryptCbc: (key, iv, ciphertext) =>
    refusing('cbc', () => {
      checkSize('cbc key', key, SYMMETRIC_KEY_SIZE);
      checkSize('cbc iv', iv, IV_SIZE);
      return cbc(key, iv).decrypt(ciphertext);
    }),

  sealGcm: (key, nonce, aad, plain) => {
    checkSize('gcm key', key, SYMMETRIC_KEY_SIZE);
    checkSize('gcm nonce', nonce, GCM_NONCE_SIZE);
    return gcm(key, nonce, aad).encrypt(plain);
  },

  openGcm: (key, nonce, aad, box) =>
    refusing('gcm', () => {
      checkSize('gcm key', key, SYMMETRIC_KEY_SIZE);
      checkSize('gcm nonce', nonce, GCM_NONCE_SIZE);
      return gcm(key, nonce, aad).decrypt(box);
    }),

  x25519PublicKey: (key) => x25519.getPublicKey(x25519Secret(key)),

  x25519: (key, peer) =>
    refusing('x25519', () => {
      checkSize('x25519 peer', peer, X25519_SIZE);
      const shared = x25519.getSharedSecret(x25519Secret(key), peer);
      // noble refuses an all-zero output itself; the protocol depends on it (§3), so it is looked at once more.
      if (equalBytes(shared, ZERO_SHARED)) throw refuse('x25519', 'all-zero output');
      return new SecretKey(shared);
    }),

  mlKemPublicKey: (key) => mlKemPair(key).publicKey.slice(),

  // noble makes the modulus check of FIPS 203 §7.2: a coefficient of 3329 or more is refused.
  mlKemEncapsulate: (publicKey) =>
    refusing('ml-kem', () => {
      checkSize('ml-kem public key', publicKey, MLKEM_EK_SIZE);
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey);
      return { ciphertext: cipherText, shared: new SecretKey(sharedSecret) };
    }),

  mlKemDecapsulate: (key, ciphertext) => {
    checkSize('ml-kem ciphertext', ciphertext, MLKEM_CT_SIZE);
    return new SecretKey(ml_kem768.decapsulate(ciphertext, mlKemPair(key).secretKey));
  },

  generateRsa: async () => {
    const algorithm = { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: EXPONENT };
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    return {
      publicKey: new RsaPublicKey(new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))),
      privateKey: new RsaPrivateKey(new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))),
    };
  },

  signPss: async (key, message, salt) => {
    const signer = await rsaKey(key, 'sign');
    return new Uint8Array(await crypto.subtle.sign({ name: 'RSA-PSS', saltLength: salt }, signer, message));
  },

  verifyPss: async (key, message, signature, salt) => {
    const verifier = await rsaKey(key, 'verify');
    return crypto.subtle.verify({ name: 'RSA-PSS', saltLength: salt }, verifier, signature, message);
  },

  wrapOaep: async (key, label, secret) => {
    const encryptor = await rsaKey(key, 'encrypt');
    return refusingAsync('oaep', async () => {
      return new Uint8Array(await crypto.subtle.encrypt(oaep(label), encryptor, secret));
    });
  },

  unwrapOaep: async (key, label, wrapped) => {
    const decryptor = await rsaKey(key, 'decrypt');
    try {
      return new Uint8Array(await crypto.subtle.decrypt(oaep(label), decryptor, wrapped));
    } catch {
      // One error for every cause, without the platform's own: nothing here may tell them apart.
      throw refuse('oaep', 'does not open');
    }
  },
};
