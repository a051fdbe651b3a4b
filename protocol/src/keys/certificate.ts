/** A device's certificate (§2): the statement `device`, which the account key signs. */
import { type Bytes, fromBase64, toBase64, toHex } from '../bytes.ts';
import { decimalOf, decodeStatement, encodeStatement, hexOf } from '../codec/statement.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { KIND_DEVICE } from '../labels.ts';
import { DAY, DEVICE_ID_SIZE, HASH_SIZE, MAX_CERTIFICATE_DAYS, X25519_SIZE } from '../limits.ts';
import type { RsaPublicKey } from '../primitives.ts';
import { loadRsaPublicKey, sameKey } from './profile.ts';

export interface Certificate {
  /** H of the account's SPKI, 32 bytes. */
  readonly account: Bytes;
  /** The device's id, 16 bytes. */
  readonly device: Bytes;
  readonly signKey: RsaPublicKey;
  readonly wrapKey: RsaPublicKey;
  /** X25519 public key, 32 bytes. */
  readonly dhKey: Bytes;
  /** From 1, growing with every new certificate of the device. */
  readonly serial: number;
  /** Unix milliseconds, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const NAMES = [
  'account',
  'device',
  'sign-key',
  'wrap-key',
  'dh-key',
  'serial',
  'not-before',
  'not-after',
] as const satisfies readonly string[];

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('bundle', check, message, options);
}

/** The statement that the account key signs. */
export function encodeCertificate(certificate: Certificate): Bytes {
  return encodeStatement(KIND_DEVICE, [
    ['account', toHex(certificate.account)],
    ['device', toHex(certificate.device)],
    ['sign-key', toBase64(certificate.signKey.spki)],
    ['wrap-key', toBase64(certificate.wrapKey.spki)],
    ['dh-key', toBase64(certificate.dhKey)],
    ['serial', String(certificate.serial)],
    ['not-before', String(certificate.notBefore)],
    ['not-after', String(certificate.notAfter)],
  ]);
}

function known<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw refuse(name, `the line of ${name} is not of its form`);
  return value;
}

function publicKey(name: string, value: string): RsaPublicKey {
  try {
    return loadRsaPublicKey(known(name, fromBase64(value)));
  } catch (error) {
    if (isProtocolError(error, 'profile'))
      throw refuse(name, `the ${name} is outside the RSA profile`, { cause: error });
    throw error;
  }
}

/**
 * The certificate of these bytes, which are exactly what it serialises to. Its signature is the bundle's matter.
 * @throws ProtocolError `bundle`
 */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  let values: string[];
  try {
    values = decodeStatement(bytes, KIND_DEVICE, NAMES);
  } catch (error) {
    if (isProtocolError(error, 'statement')) throw refuse('grammar', error.message, { cause: error });
    throw error;
  }
  const value = (name: (typeof NAMES)[number]): string => values[NAMES.indexOf(name)] as string;
  const number = (name: (typeof NAMES)[number]): number => known(name, decimalOf(value(name)));
  const dhKey = fromBase64(value('dh-key'));
  const certificate: Certificate = {
    account: known('account', hexOf(value('account'), HASH_SIZE)),
    device: known('device', hexOf(value('device'), DEVICE_ID_SIZE)),
    signKey: publicKey('sign-key', value('sign-key')),
    wrapKey: publicKey('wrap-key', value('wrap-key')),
    dhKey: known('dh-key', dhKey?.length === X25519_SIZE ? dhKey : undefined),
    serial: number('serial'),
    notBefore: number('not-before'),
    notAfter: number('not-after'),
  };
  if (certificate.serial === 0) throw refuse('serial', 'serials begin at 1');
  if (certificate.notAfter < certificate.notBefore) throw refuse('validity', 'a certificate ends before it begins');
  if (certificate.notAfter - certificate.notBefore > MAX_CERTIFICATE_DAYS * DAY) {
    throw refuse('validity', `a certificate is valid for more than ${MAX_CERTIFICATE_DAYS} days`);
  }
  if (sameKey(certificate.signKey, certificate.wrapKey)) throw refuse('keys differ', 'one key has two uses');
  return certificate;
}

/** Whether `time` lies in the validity, ends included. */
export function isValidAt(certificate: Certificate, time: number): boolean {
  return time >= certificate.notBefore && time <= certificate.notAfter;
}
