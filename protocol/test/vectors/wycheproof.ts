/**
 * The Wycheproof files (C2SP/wycheproof, testvectors_v1) against any primitives. Nothing is passed over: a case whose
 * parameters the protocol does not use (another key size, hash or salt) is `outside`, and must be refused.
 */
import { type Bytes, concat, equalBytes, fromHex } from '../../src/bytes.ts';
import { isProtocolError } from '../../src/errors.ts';
import { MLKEM_CT_SIZE } from '../../src/limits.ts';
import type { SecretKey } from '../../src/primitives.ts';
import {
  MlKemPrivateKey,
  type Primitives,
  RsaPrivateKey,
  RsaPublicKey,
  X25519PrivateKey,
} from '../../src/primitives.ts';
import { extract, hkdfExpand } from '../../src/symmetric/expand.ts';
import { equal, equalHex } from './vector-file.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Group extends Fields {
  readonly tests: readonly Fields[];
}

export interface WycheproofFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly Group[];
}

export interface WycheproofTally {
  /** Cases run as they stand. */
  readonly ran: number;
  /** Cases outside the protocol's parameters, each of which was refused. */
  readonly outside: number;
}

type Verdict = 'ran' | 'outside';
type Runner = (p: Primitives, test: Fields, group: Group) => Verdict | Promise<Verdict>;

/** The files and what runs them. */
export const WYCHEPROOF: Readonly<Record<string, Runner>> = {
  aes_cbc_pkcs5_test: runCbc,
  aes_gcm_test: runGcm,
  hkdf_sha256_test: runHkdf,
  hmac_sha256_test: runHmac,
  mlkem_768_encaps_test: runEncapsulate,
  mlkem_768_keygen_seed_test: runKeygen,
  mlkem_768_test: runDecapsulate,
  rsa_oaep_2048_sha256_mgf1sha256_test: runOaep,
  rsa_pss_2048_sha256_mgf1_32_test: runPss,
  rsa_pss_misc_test: runPss,
  x25519_test: runX25519,
};

/** Files whose cases take JavaScript seconds: ML-KEM and X25519 without the platform's own. */
export const SLOW_ON_WEB: ReadonlySet<string> = new Set(
  Object.keys(WYCHEPROOF).filter((name) => name.startsWith('mlkem') || name.startsWith('x25519')),
);

/** How many cases of each file run, and how many are outside: a file or runner that shrinks is noticed. */
export const WYCHEPROOF_COUNTS: Readonly<Record<keyof typeof WYCHEPROOF, WycheproofTally>> = {
  aes_cbc_pkcs5_test: { ran: 72, outside: 144 }, // keys of 128 and 192 bits
  aes_gcm_test: { ran: 66, outside: 250 }, // other keys, nonces that are not 96 bits
  hkdf_sha256_test: { ran: 86, outside: 0 },
  hmac_sha256_test: { ran: 174, outside: 0 },
  mlkem_768_encaps_test: { ran: 265, outside: 0 },
  mlkem_768_keygen_seed_test: { ran: 100, outside: 0 },
  mlkem_768_test: { ran: 193, outside: 0 },
  rsa_oaep_2048_sha256_mgf1sha256_test: { ran: 37, outside: 0 },
  rsa_pss_2048_sha256_mgf1_32_test: { ran: 108, outside: 0 },
  rsa_pss_misc_test: { ran: 1, outside: 149 }, // other hashes and salts
  x25519_test: { ran: 518, outside: 0 },
};

/** Runs every case of a file; throws on the first that does not end as it says. */
export async function runWycheproof(name: string, file: WycheproofFile, p: Primitives): Promise<WycheproofTally> {
  const run = WYCHEPROOF[name];
  if (run === undefined) throw new Error(`${name}: no runner`);
  const tally = { ran: 0, outside: 0 };
  for (const group of file.testGroups) {
    for (const test of group.tests) {
      try {
        tally[await run(p, test, group)] += 1;
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${name}, case ${String(test['tcId'])}: ${message}`, { cause });
      }
    }
  }
  equal(tally.ran + tally.outside, file.numberOfTests, 'number of cases');
  return tally;
}

function runCbc(p: Primitives, test: Fields): Verdict {
  const [key, iv, ct] = [bytes(test, 'key'), bytes(test, 'iv'), bytes(test, 'ct')];
  const open = (): Bytes => p.decryptCbc(key, iv, ct);
  if (key.length !== 32) {
    refused(open);
    refused(() => p.encryptCbc(key, iv, bytes(test, 'msg')));
    return 'outside';
  }
  if (isValid(test)) {
    equalHex(open(), text(test, 'msg'));
    equalHex(p.encryptCbc(key, iv, bytes(test, 'msg')), text(test, 'ct'));
  } else {
    refused(open);
  }
  return 'ran';
}

function runGcm(p: Primitives, test: Fields): Verdict {
  const [key, nonce, aad] = [bytes(test, 'key'), bytes(test, 'iv'), bytes(test, 'aad')];
  const box = concat(bytes(test, 'ct'), bytes(test, 'tag'));
  const open = (): Bytes => p.openGcm(key, nonce, aad, box);
  if (key.length !== 32 || nonce.length !== 12) {
    refused(open);
    refused(() => p.sealGcm(key, nonce, aad, bytes(test, 'msg')));
    return 'outside';
  }
  if (isValid(test)) {
    equalHex(open(), text(test, 'msg'));
    equalHex(p.sealGcm(key, nonce, aad, bytes(test, 'msg')), text(test, 'ct') + text(test, 'tag'));
  } else {
    refused(open);
  }
  return 'ran';
}

function runHkdf(p: Primitives, test: Fields): Verdict {
  const prk = extract(p, bytes(test, 'salt'), bytes(test, 'ikm'));
  const derive = (): Bytes => hkdfExpand(p, prk, { info: bytes(test, 'info'), size: Number(test['size']) });
  if (isValid(test)) equalHex(derive(), text(test, 'okm'));
  else refused(derive);
  return 'ran';
}

/** Groups of 128-bit tags name the first half of the MAC. */
function runHmac(p: Primitives, test: Fields): Verdict {
  const tag = bytes(test, 'tag');
  const made = p.hmacSha256(bytes(test, 'key'), bytes(test, 'msg')).slice(0, tag.length);
  equal(equalBytes(made, tag), isValid(test));
  return 'ran';
}

/** The port draws its own randomness, so that a good key shows no given ciphertext: what is checked is the key. */
function runEncapsulate(p: Primitives, test: Fields): Verdict {
  const encapsulate = (): Bytes => p.mlKemEncapsulate(bytes(test, 'ek')).ciphertext;
  if (isValid(test)) equal(encapsulate().length, MLKEM_CT_SIZE);
  else refused(encapsulate);
  return 'ran';
}

function runKeygen(p: Primitives, test: Fields): Verdict {
  equalHex(p.mlKemPublicKey(new MlKemPrivateKey(bytes(test, 'seed'))), text(test, 'ek'));
  return 'ran';
}

function runDecapsulate(p: Primitives, test: Fields): Verdict {
  const key = new MlKemPrivateKey(bytes(test, 'seed'));
  const decapsulate = (): SecretKey => p.mlKemDecapsulate(key, bytes(test, 'c'));
  if (isValid(test)) {
    equalHex(p.mlKemPublicKey(key), text(test, 'ek'));
    equalHex(decapsulate().exposeSecretBytes(), text(test, 'K'));
  } else {
    refused(decapsulate);
  }
  return 'ran';
}

async function runOaep(p: Primitives, test: Fields, group: Group): Promise<Verdict> {
  const key = keyOf(group, () => new RsaPrivateKey(bytes(group, 'privateKeyPkcs8')));
  const open = (): Promise<Bytes> => p.unwrapOaep(key, bytes(test, 'label'), bytes(test, 'ct'));
  if (isValid(test)) equalHex(await open(), text(test, 'msg'));
  else await refusedLater(open);
  return 'ran';
}

async function runPss(p: Primitives, test: Fields, group: Group): Promise<Verdict> {
  const key = keyOf(group, () => new RsaPublicKey(bytes(group, 'publicKeyDer')));
  const holds = await p.verifyPss(key, bytes(test, 'msg'), bytes(test, 'sig'), 32);
  const outside = group['sha'] !== 'SHA-256' || group['mgfSha'] !== 'SHA-256' || group['sLen'] !== 32;
  equal(holds, !outside && isValid(test));
  return outside ? 'outside' : 'ran';
}

/** An `acceptable` case computes like any other, unless its output is all zero, which the protocol refuses (§3). */
function runX25519(p: Primitives, test: Fields): Verdict {
  const agree = (): SecretKey => p.x25519(new X25519PrivateKey(bytes(test, 'private')), bytes(test, 'public'));
  if (/^0*$/.test(text(test, 'shared'))) refused(agree);
  else equalHex(agree().exposeSecretBytes(), text(test, 'shared'));
  return 'ran';
}

const keys = new WeakMap<Group, RsaPrivateKey | RsaPublicKey>();

/** One key object a group, so that it is imported once. */
function keyOf<Key extends RsaPrivateKey | RsaPublicKey>(group: Group, make: () => Key): Key {
  const known = keys.get(group) as Key | undefined;
  if (known !== undefined) return known;
  const made = make();
  keys.set(group, made);
  return made;
}

function isValid(test: Fields): boolean {
  return test['result'] === 'valid';
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`${name} is missing`);
  return value;
}

function bytes(fields: Fields, name: string): Bytes {
  return fromHex(text(fields, name));
}

/** Throws unless `action` is refused as the port promises: by its typed error alone. */
function refused(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (isProtocolError(error, 'primitive', 'limit')) return;
    throw error;
  }
  throw new Error('accepted, and has to be refused');
}

async function refusedLater(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (isProtocolError(error, 'primitive')) return;
    throw error;
  }
  throw new Error('accepted, and has to be refused');
}
