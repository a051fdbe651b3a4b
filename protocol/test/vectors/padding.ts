/** padding.json (§5.3). */
import { fromHex } from '../../src/bytes.ts';
import { decryptPadded, pad, paddedLength } from '../../src/envelope/padding.ts';
import { CBC_BLOCK_SIZE, IV_SIZE, SYMMETRIC_KEY_SIZE } from '../../src/limits.ts';
import { type Primitives, SecretKey } from '../../src/primitives.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface PaddingEntry extends VectorEntry {
  readonly plain_length?: number;
  readonly padded_length?: number;
  readonly plain?: string;
  /** With its PKCS#7 byte. */
  readonly padded?: string;
}

export type PaddingFile = VectorFile<PaddingEntry>;

const KEY = new SecretKey(new Uint8Array(SYMMETRIC_KEY_SIZE));
const IV = new Uint8Array(IV_SIZE);

export function runPadding(file: PaddingFile, p: Primitives): Promise<VectorResult> {
  /** The true way through layer 1: whole blocks as they are, so that the cipher's own PKCS#7 is judged too. */
  const open = (padded: Uint8Array): Uint8Array => {
    const ciphertext = p.encryptCbc(KEY.exposeSecretBytes(), IV, padded).slice(0, -CBC_BLOCK_SIZE);
    return decryptPadded(p, KEY, { iv: IV, ct: ciphertext });
  };
  return runEntries(file, async (entry) => {
    if (entry.plain_length !== undefined) {
      equal(paddedLength(entry.plain_length), entry.padded_length, 'padded length');
      equal(pad(new Uint8Array(entry.plain_length)).length + 1, entry.padded_length, 'bytes padded');
      return;
    }
    const padded = fromHex(entry.padded ?? '');
    if (entry.fails !== undefined) {
      await expectFailure(entry.fails, () => open(padded));
      return;
    }
    const plain = fromHex(entry.plain ?? '');
    equalHex(open(padded), entry.plain ?? '');
    equalHex(Uint8Array.of(...pad(plain), 1), entry.padded ?? '', 'padded');
  });
}
