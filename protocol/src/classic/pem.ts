/** Public keys as the original program exchanges them: SPKI in PEM, in clear, bound to no name (§13). */
import { type Bytes, concat, fromBase64, toBase64, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { loadRsaPublicKey } from '../keys/profile.ts';
import { CLASSIC_MAX_PEM } from '../limits.ts';
import type { RsaPublicKey } from '../primitives.ts';

const BEGIN = '-----BEGIN PUBLIC KEY-----';
const END = '-----END PUBLIC KEY-----';
const LINES = /.{1,64}/g;
const PEM = /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END PUBLIC KEY-----\n?$/;

function refuse(message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('classic-format', 'pem', message, options);
}

/** PEM with lines of 64 characters and a newline at its end, as Python writes it. */
export function encodePem(key: RsaPublicKey): Bytes {
  return utf8(`${BEGIN}\n${toBase64(key.spki).replace(LINES, '$&\n')}${END}\n`);
}

/**
 * The key of one PEM text; lines may end in LF or CRLF and be of any length.
 * @throws ProtocolError `classic-format` where it is no PEM of an RSA-2048 key that keeps the profile (§1.3, §13)
 */
export function decodePem(bytes: Uint8Array): RsaPublicKey {
  if (bytes.length > CLASSIC_MAX_PEM) throw refuse(`The PEM is longer than ${String(CLASSIC_MAX_PEM)} bytes.`);
  const match = PEM.exec(String.fromCharCode(...bytes).replaceAll('\r\n', '\n'));
  if (match === null) throw refuse('The peer sent no public key in PEM form.');
  const spki = fromBase64((match[1] as string).replaceAll('\n', ''));
  if (spki === undefined) throw refuse('The public key of the peer is not written in base64.');
  try {
    return loadRsaPublicKey(spki);
  } catch (cause) {
    throw refuse("The peer's key is no RSA key of 2048 bits with exponent 65537.", { cause });
  }
}

/** Reads one PEM from a stream, however it is cut, and leaves what follows it. */
export class PemReader {
  #bytes: Bytes = new Uint8Array(0);

  push(chunk: Uint8Array): void {
    this.#bytes = concat(this.#bytes, chunk);
  }

  /**
   * The key and the bytes after its PEM, or undefined where its end has not arrived.
   * @throws ProtocolError `classic-format` as soon as the bytes cannot become a PEM
   */
  next(): { readonly key: RsaPublicKey; readonly rest: Bytes } | undefined {
    const begin = utf8(BEGIN);
    for (let i = 0; i < Math.min(begin.length, this.#bytes.length); i++) {
      if (this.#bytes[i] !== begin[i]) throw refuse('The peer sent no public key in PEM form.');
    }
    const end = this.#endOfPem();
    if (end === undefined) {
      if (this.#bytes.length >= CLASSIC_MAX_PEM)
        throw refuse(`The PEM is longer than ${String(CLASSIC_MAX_PEM)} bytes.`);
      return undefined;
    }
    return { key: decodePem(this.#bytes.subarray(0, end)), rest: this.#bytes.slice(end) };
  }

  /** Where the PEM ends, without the newline after it: that one may come later, or never. */
  #endOfPem(): number | undefined {
    // Latin-1 keeps one character a byte, so that the index is an offset whatever follows the PEM.
    const head = String.fromCharCode(...this.#bytes.subarray(0, CLASSIC_MAX_PEM));
    const at = head.indexOf(END);
    return at === -1 ? undefined : at + END.length;
  }
}
