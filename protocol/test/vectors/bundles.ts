/** spec/vectors/bundles.json: bundles at a time. */
import { fromHex } from '../../src/bytes.ts';
import { encodeBundle, openBundle } from '../../src/keys/bundle.ts';
import { encodeCertificate } from '../../src/keys/certificate.ts';
import { encodeFingerprint } from '../../src/keys/fingerprint.ts';
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

type BundleEntry = VectorEntry & {
  readonly bundle: string;
  readonly now: number;
  readonly account?: string;
  readonly device?: string;
  readonly dh?: string;
  readonly serial?: number;
  readonly not_before?: number;
  readonly not_after?: number;
  readonly fingerprint?: string;
};

export type BundleFile = VectorFile<BundleEntry>;

export async function runBundles(file: BundleFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    const bytes = fromHex(entry.bundle);
    if (entry.fails !== undefined) {
      await expectFailure(entry.fails, () => openBundle(p, bytes, entry.now));
      return;
    }
    const bundle = await openBundle(p, bytes, entry.now);
    equalHex(bundle.account, entry.account ?? '', 'account');
    equalHex(bundle.device, entry.device ?? '', 'device');
    equalHex(bundle.certificate.dhKey, entry.dh ?? '', 'dh');
    equal(bundle.certificate.serial, entry.serial ?? 0, 'serial');
    equal(bundle.certificate.notBefore, entry.not_before ?? 0, 'not-before');
    equal(bundle.certificate.notAfter, entry.not_after ?? 0, 'not-after');
    equal(encodeFingerprint(bundle.account), entry.fingerprint ?? '', 'fingerprint');
    equalHex(encodeBundle({ ...bundle, certificateBytes: encodeCertificate(bundle.certificate) }), entry.bundle);
  });
}
