/** A bundle (§2): account key, device certificate and its signature, as a peer presents them. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, tuple } from '../codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { MAX_STATEMENT, SIGNATURE_SIZE, SPKI_SIZE } from '../limits.ts';
import type { Primitives, RsaPublicKey } from '../primitives.ts';
import { type Certificate, decodeCertificate, isValidAt } from './certificate.ts';
import { accountOf } from './fingerprint.ts';
import { loadRsaPublicKey, sameKey, verifyStatement } from './profile.ts';

export interface Bundle {
  /** The encoding as received; MACs and hashes run over it. */
  readonly bytes: Bytes;
  /** H(bytes), 32. */
  readonly hash: Bytes;
  /** H of the account's SPKI, 32. */
  readonly account: Bytes;
  /** The device's id, 16. */
  readonly device: Bytes;
  readonly accountKey: RsaPublicKey;
  readonly certificate: Certificate;
  readonly certificateBytes: Bytes;
  /** H(certificateBytes), 32: what `checkSerial` compares. */
  readonly certificateHash: Bytes;
  /** PSS by the account key over `certificateBytes`, 256. */
  readonly certificateSignature: Bytes;
}

/** What is kept of the newest certificate ever seen of one device. */
export interface KnownSerial {
  readonly serial: number;
  readonly certificateHash: Uint8Array;
}

const BUNDLE = tuple([bytes(SPKI_SIZE), bytesBetween(1, MAX_STATEMENT), bytes(SIGNATURE_SIZE)]);

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('bundle', check, message, options);
}

/** CBOR[account SPKI, certificate, signature] (§2). */
export function encodeBundle(parts: {
  readonly accountKey: RsaPublicKey;
  readonly certificateBytes: Uint8Array;
  readonly certificateSignature: Uint8Array;
}): Bytes {
  return encodeCbor([parts.accountKey.spki, parts.certificateBytes, parts.certificateSignature]);
}

/** Whose bundle it says it is, before anything of it is verified; undefined where it does not even read. */
export function claimedDevice(bytes: Uint8Array): Pick<Bundle, 'account' | 'device'> | undefined {
  try {
    const [, certificateBytes] = decodeCborAs(BUNDLE, bytes);
    return decodeCertificate(certificateBytes);
  } catch (error) {
    if (isProtocolError(error, 'cbor', 'bundle')) return undefined;
    throw error;
  }
}

/**
 * A bundle that is good but for the time: of its validity nothing is said (one's own, which may be due for renewal).
 * @throws ProtocolError `bundle`
 */
export async function readBundle(p: Primitives, bytes: Uint8Array): Promise<Bundle> {
  try {
    const [spki, certificateBytes, certificateSignature] = decodeCborAs(BUNDLE, bytes);
    const accountKey = loadRsaPublicKey(spki);
    const certificate = decodeCertificate(certificateBytes);
    if (!equalBytes(certificate.account, accountOf(p, accountKey))) {
      throw refuse('account', 'the certificate names another account');
    }
    if (sameKey(accountKey, certificate.signKey) || sameKey(accountKey, certificate.wrapKey)) {
      throw refuse('keys differ', 'one key has two uses');
    }
    if (!(await verifyStatement(p, accountKey, certificateBytes, certificateSignature))) {
      throw refuse('signature', "the certificate's signature does not verify");
    }
    const own = new Uint8Array(bytes);
    return {
      bytes: own,
      hash: p.sha256(own),
      account: certificate.account,
      device: certificate.device,
      accountKey,
      certificate,
      certificateBytes,
      certificateHash: p.sha256(certificateBytes),
      certificateSignature,
    };
  } catch (error) {
    if (isProtocolError(error, 'cbor')) throw refuse('encoding', 'a bundle is not of its encoding', { cause: error });
    if (isProtocolError(error, 'profile'))
      throw refuse('account key', 'an account key is outside the profile', { cause: error });
    throw error;
  }
}

/**
 * A bundle that is good at `now` (§2): encoding, keys, account, signature, validity with both ends included. For mail,
 * `now` is the time it was sent.
 * @throws ProtocolError `bundle`
 */
export async function openBundle(p: Primitives, bytes: Uint8Array, now: number): Promise<Bundle> {
  const bundle = await readBundle(p, bytes);
  if (!isValidAt(bundle.certificate, now)) throw refuse('time', 'a certificate is outside its validity');
  return bundle;
}

/**
 * Refuses an old certificate handed out again (§2). `known` is what was kept for this account and device; the result is
 * what to keep now.
 * @throws ProtocolError `bundle`, check `serial`
 */
export function checkSerial(known: KnownSerial | undefined, bundle: Bundle): KnownSerial {
  const { serial } = bundle.certificate;
  if (known !== undefined) {
    if (serial < known.serial) throw refuse('serial', 'an older certificate of this device than one seen before');
    if (serial === known.serial && !equalBytes(known.certificateHash, bundle.certificateHash)) {
      throw refuse('serial', 'two certificates of this device have one serial');
    }
  }
  return { serial, certificateHash: bundle.certificateHash };
}
