/** One's own account and device: the secret side of §2. Issue, renew, rotate, keep. */
import { equalBytes } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, exactly, list, tuple, uint } from '../codec/cbor.ts';
import { ProtocolError } from '../errors.ts';
import {
  CERTIFICATE_BACKDATE,
  CERTIFICATE_RENEW_BEFORE,
  DAY,
  DEVICE_ID_SIZE,
  MAX_CERTIFICATE_DAYS,
  MAX_RSA_PRIVATE_KEY,
  MAX_SAFE_UINT,
  MAX_STORED_BUNDLE,
  MAX_WRAP_KEYS,
  OLD_WRAP_KEY_LIFE,
  SPKI_SIZE,
  WRAP_KEY_ROTATION,
  X25519_SIZE,
} from '../limits.ts';
import { type Primitives, type RsaKeyPair, RsaPrivateKey, type RsaPublicKey, X25519PrivateKey } from '../primitives.ts';
import { type Bundle, encodeBundle, readBundle } from './bundle.ts';
import { encodeCertificate } from './certificate.ts';
import { accountOf } from './fingerprint.ts';
import { loadRsaPublicKey, sameKey, signStatement } from './profile.ts';

interface WrapKey {
  readonly privateKey: RsaPrivateKey;
  readonly publicKey: RsaPublicKey;
  /** When it was made, Unix milliseconds. */
  readonly madeAt: number;
}

/** This device with its secrets. The account's private key is not part of it. */
export interface Device {
  readonly bundle: Bundle;
  readonly signKey: RsaPrivateKey;
  readonly dhKey: X25519PrivateKey;
  /** Newest first; the first is the certificate's. Older ones open what was under way. */
  readonly wrapKeys: readonly WrapKey[];
}

export interface RenewOptions {
  readonly account: RsaKeyPair;
  readonly device: Device;
  readonly now: number;
  readonly rotateWrapKey: boolean;
  /** A device of a new id, with all its keys new: what a home restored from a copy needs (§5.2). */
  readonly newDeviceId: boolean;
}

/** A new account key: it signs certificates and device lists only (§2). */
export function createAccount(p: Primitives): Promise<RsaKeyPair> {
  return p.generateRsa();
}

interface IssueOptions {
  readonly account: RsaKeyPair;
  readonly id: Bytes;
  readonly signKey: RsaPublicKey;
  readonly wrapKey: RsaPublicKey;
  readonly dhKey: Bytes;
  readonly serial: number;
  readonly now: number;
}

async function issueBundle(p: Primitives, options: IssueOptions): Promise<Bundle> {
  const { account, id, signKey, wrapKey, dhKey, serial, now } = options;
  const notBefore = Math.max(0, now - CERTIFICATE_BACKDATE); // a clock a little wrong costs nothing (§2)
  const certificateBytes = encodeCertificate({
    account: accountOf(p, account.publicKey),
    device: id,
    signKey,
    wrapKey,
    dhKey,
    serial,
    notBefore,
    notAfter: notBefore + MAX_CERTIFICATE_DAYS * DAY,
  });
  const certificateSignature = await signStatement(p, account.privateKey, certificateBytes);
  return readBundle(p, encodeBundle({ accountKey: account.publicKey, certificateBytes, certificateSignature }));
}

/** A new device of the account: id, keys, and its first certificate, valid from one day before `now`. */
export async function createDevice(p: Primitives, account: RsaKeyPair, now: number): Promise<Device> {
  const [sign, wrap] = await Promise.all([p.generateRsa(), p.generateRsa()]);
  const dhKey = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  const bundle = await issueBundle(p, {
    account,
    id: p.randomBytes(DEVICE_ID_SIZE),
    signKey: sign.publicKey,
    wrapKey: wrap.publicKey,
    dhKey: p.x25519PublicKey(dhKey),
    serial: 1,
    now,
  });
  return { bundle, signKey: sign.privateKey, dhKey, wrapKeys: [{ ...wrap, madeAt: now }] };
}

/** What is due at `now` (§2): a new certificate 30 days before the end, a new wrap key every 30 days. */
export function deviceDue(device: Device, now: number): { readonly renew: boolean; readonly rotateWrapKey: boolean } {
  const { notBefore, notAfter } = device.bundle.certificate;
  const madeAt = device.wrapKeys[0]?.madeAt ?? 0;
  return {
    renew: now < notBefore || now >= notAfter - CERTIFICATE_RENEW_BEFORE,
    rotateWrapKey: now >= madeAt + WRAP_KEY_ROTATION,
  };
}

/** The device without the wrap keys that were replaced more than 60 days ago (§2); the same object where none was. */
export function dropOldWrapKeys(device: Device, now: number): Device {
  const wrapKeys = device.wrapKeys.filter((_, index) => {
    const successor = device.wrapKeys[index - 1];
    return successor === undefined || now - successor.madeAt <= OLD_WRAP_KEY_LIFE;
  });
  return wrapKeys.length === device.wrapKeys.length ? device : { ...device, wrapKeys };
}

/**
 * The device with a new certificate of the next serial, and a new wrap key where asked; or, with `newDeviceId`, another
 * device of the account. Store it before its bundle is shown to anyone.
 * @throws ProtocolError `bundle` (check `account`) where the account is another's, `reuse` where serials end
 */
export async function renewDevice(p: Primitives, options: RenewOptions): Promise<Device> {
  const { account, device, now, rotateWrapKey, newDeviceId } = options;
  const { certificate, accountKey } = device.bundle;
  if (!sameKey(accountKey, account.publicKey)) {
    throw new ProtocolError('bundle', 'account', "a device is renewed by its own account's key");
  }
  if (newDeviceId) return createDevice(p, account, now);
  if (certificate.serial >= MAX_SAFE_UINT) throw new ProtocolError('reuse', 'serial', 'no serial is left');
  const fresh: WrapKey | undefined = rotateWrapKey ? { ...(await p.generateRsa()), madeAt: now } : undefined;
  const bundle = await issueBundle(p, {
    account,
    id: certificate.device,
    signKey: certificate.signKey,
    wrapKey: fresh?.publicKey ?? certificate.wrapKey,
    dhKey: certificate.dhKey,
    serial: certificate.serial + 1,
    now,
  });
  const wrapKeys = fresh === undefined ? device.wrapKeys : [fresh, ...device.wrapKeys].slice(0, MAX_WRAP_KEYS);
  return dropOldWrapKeys({ ...device, bundle, wrapKeys }, now);
}

const privateKey = () => bytesBetween(1, MAX_RSA_PRIVATE_KEY);
const STORED_DEVICE = tuple([
  exactly(1),
  bytesBetween(1, MAX_STORED_BUNDLE),
  privateKey(),
  bytes(X25519_SIZE),
  list(tuple([privateKey(), bytes(SPKI_SIZE), uint()]), 1, MAX_WRAP_KEYS),
]);

/** The storage form. **It contains every secret of the device**: it belongs into encrypted storage and nowhere else. */
export function encodeDevice(device: Device): Bytes {
  return encodeCbor([
    1,
    device.bundle.bytes,
    device.signKey.exposeSecretBytes(),
    device.dhKey.exposeSecretBytes(),
    device.wrapKeys.map((key) => [key.privateKey.exposeSecretBytes(), key.publicKey.spki, key.madeAt]),
  ]);
}

/**
 * The device of a storage form. Its certificate may have run out (see `deviceDue`).
 * @throws ProtocolError `cbor`, `bundle` or `profile` where the form is damaged
 */
export async function decodeDevice(p: Primitives, stored: Uint8Array): Promise<Device> {
  const [, bundleBytes, signKey, dhBytes, keys] = decodeCborAs(STORED_DEVICE, stored);
  const bundle = await readBundle(p, bundleBytes);
  const dhKey = new X25519PrivateKey(dhBytes);
  const wrapKeys = keys.map(([privateBytes, spki, madeAt]) => ({
    privateKey: new RsaPrivateKey(privateBytes),
    publicKey: loadRsaPublicKey(spki),
    madeAt,
  }));
  const [newest] = wrapKeys;
  if (newest === undefined || !sameKey(newest.publicKey, bundle.certificate.wrapKey)) {
    throw new ProtocolError('bundle', 'wrap-key', "the newest wrap key is not the certificate's");
  }
  if (!equalBytes(p.x25519PublicKey(dhKey), bundle.certificate.dhKey)) {
    throw new ProtocolError('bundle', 'dh-key', "the X25519 key is not the certificate's");
  }
  return { bundle, signKey: new RsaPrivateKey(signKey), dhKey, wrapKeys };
}
