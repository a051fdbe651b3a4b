/** spec/vectors/etm.json: boxes to open, and boxes to refuse. */
import { fromHex } from '../../src/bytes.ts';
import { type Primitives, SecretKey } from '../../src/primitives.ts';
import { openEtm } from '../../src/symmetric/etm.ts';
import {
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type EtmEntry = VectorEntry & {
  readonly key: string;
  readonly aad: string;
  readonly box: string;
  readonly plain?: string;
};

export type EtmFile = VectorFile<EtmEntry>;

export async function runEtm(file: EtmFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async ({ key, aad, box, plain, fails }) => {
    const open = (): Uint8Array =>
      openEtm(p, { key: new SecretKey(fromHex(key)), aad: fromHex(aad), box: fromHex(box) });
    if (fails === undefined) equalHex(open(), plain ?? '');
    else await expectFailure(fails, open);
  });
}
