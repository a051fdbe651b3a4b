/** The ten files of an evidence bundle (§7) and the two forms in them that are not simply bytes: PEM and item.txt. */
import { type Bytes, concat, equalBytes, fromBase64, textOf, toBase64, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { MAX_MEDIA_TYPE } from '../limits.ts';
import type { RsaPublicKey } from '../primitives.ts';
import { loadRsaPublicKey } from '../keys/profile.ts';

/** Every file of a bundle, by name. The last two prove nothing and are not looked at. */
export const EVIDENCE_FILES = [
  'account.pub.pem',
  'device.txt',
  'device.sig',
  'message.txt',
  'message.sig',
  'commitments.bin',
  'opening.bin',
  'item.txt',
  'README.txt',
  'verify.sh',
] as const;

export type EvidenceFile = (typeof EVIDENCE_FILES)[number];

/** A whole bundle: file name → contents. */
export type EvidenceFiles = Readonly<Record<EvidenceFile, Bytes>>;

const PEM_HEAD = '-----BEGIN PUBLIC KEY-----\n';
const PEM_TAIL = '-----END PUBLIC KEY-----\n';
const PEM_COLUMNS = 64;

/** The key as `openssl pkey -pubin` prints it. */
export function encodePublicPem(key: RsaPublicKey): Bytes {
  const lines = toBase64(key.spki).replace(new RegExp(`.{1,${PEM_COLUMNS}}`, 'g'), '$&\n');
  return utf8(PEM_HEAD + lines + PEM_TAIL);
}

/** The key of account.pub.pem, which is exactly as openssl prints it. @throws ProtocolError `evidence` */
export function decodePublicPem(pem: Uint8Array): RsaPublicKey {
  const text = textOf(pem);
  const spki =
    text === undefined ? undefined : fromBase64(text.slice(PEM_HEAD.length, -PEM_TAIL.length).replaceAll('\n', ''));
  const key = spki === undefined ? undefined : keyOf(spki);
  if (key === undefined || !equalBytes(encodePublicPem(key), pem)) {
    throw refuse('account.pub.pem is not as openssl prints a public key');
  }
  return key;
}

function keyOf(spki: Bytes): RsaPublicKey {
  try {
    return loadRsaPublicKey(spki);
  } catch (cause) {
    throw refuse('account.pub.pem holds no RSA key of 2048 bits with exponent 65537', { cause });
  }
}

function refuse(message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('evidence', 'account.pub.pem', message, options);
}

/** item.txt: type ‖ "\n" ‖ body (§7). */
export function encodeItem(type: string, body: Uint8Array): Bytes {
  return concat(utf8(`${type}\n`), body);
}

/** Type and body of item.txt. @throws ProtocolError `evidence` where the first line is no media type (§5.1) */
export function decodeItem(item: Uint8Array): { readonly type: string; readonly body: Bytes } {
  const end = item.indexOf(0x0a);
  const line = item.subarray(0, Math.max(end, 0));
  if (line.length === 0 || line.length > MAX_MEDIA_TYPE || line.some((byte) => byte < 0x21 || byte > 0x7e)) {
    throw new ProtocolError('evidence', 'item', 'the first line of item.txt is no media type');
  }
  return { type: String.fromCharCode(...line), body: new Uint8Array(item.subarray(end + 1)) };
}
