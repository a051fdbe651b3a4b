/** spec/vectors/fingerprints-and-safety-numbers.json: keys to text, and typed pins to refuse. */
import { fromHex } from '../../src/bytes.ts';
import { accountOf, decodeFingerprint, encodeFingerprint } from '../../src/keys/fingerprint.ts';
import { loadRsaPublicKey } from '../../src/keys/profile.ts';
import { safetyNumber } from '../../src/keys/safety-number.ts';
import type { Primitives } from '../../src/primitives.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface FingerprintEntry {
  readonly spki: string;
  readonly account: string;
  readonly fingerprint: string;
}

interface SafetyNumberEntry {
  readonly spki_1: string;
  readonly spki_2: string;
  readonly safety_number: string;
}

interface PinEntry {
  readonly text: string;
}

export type FingerprintFile = VectorFile<VectorEntry & (FingerprintEntry | SafetyNumberEntry | PinEntry)>;

export async function runFingerprints(file: FingerprintFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    if ('text' in entry) {
      await expectFailure(entry.fails ?? '', () => decodeFingerprint(entry.text));
    } else if ('fingerprint' in entry) {
      const account = accountOf(p, loadRsaPublicKey(fromHex(entry.spki)));
      equalHex(account, entry.account, 'account');
      equal(encodeFingerprint(account), entry.fingerprint, 'fingerprint');
      equalHex(decodeFingerprint(entry.fingerprint), entry.account, 'account of the fingerprint');
    } else {
      const [a, b] = [loadRsaPublicKey(fromHex(entry.spki_1)), loadRsaPublicKey(fromHex(entry.spki_2))];
      equal(safetyNumber(p, a, b), entry.safety_number, 'safety number');
    }
  });
}
