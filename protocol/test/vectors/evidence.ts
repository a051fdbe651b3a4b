/** spec/vectors/evidence.json: a good bundle of files, and what becomes of it when some of them change. */
import { fromHex, utf8 } from '../../src/bytes.ts';
import { EVIDENCE_FILES, type EvidenceFile } from '../../src/evidence/files.ts';
import { verifyEvidence } from '../../src/evidence/verify.ts';
import type { Primitives } from '../../src/primitives.ts';
import {
  equal,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type Contents = { readonly hex: string } | { readonly text: string };

type EvidenceEntry = VectorEntry & {
  readonly changed?: Readonly<Partial<Record<EvidenceFile, Contents | null>>>;
  readonly fingerprint?: string;
};

export interface EvidenceVectorFile extends VectorFile<EvidenceEntry> {
  readonly files: Readonly<Record<EvidenceFile, Contents>>;
}

function bytesOf(contents: Contents): Uint8Array {
  return 'hex' in contents ? fromHex(contents.hex) : utf8(contents.text);
}

/** The files of an entry, by name; a missing one is not there. */
export function evidenceFiles(
  file: EvidenceVectorFile,
  entry: EvidenceEntry,
): Partial<Record<EvidenceFile, Uint8Array>> {
  const files: Partial<Record<EvidenceFile, Uint8Array>> = {};
  for (const name of EVIDENCE_FILES) {
    const changed = entry.changed?.[name];
    if (changed !== null) files[name] = bytesOf(changed ?? file.files[name]);
  }
  return files;
}

export async function runEvidence(file: EvidenceVectorFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    const files = evidenceFiles(file, entry);
    if (entry.fails !== undefined) await expectFailure(entry.fails, () => verifyEvidence(p, files));
    else equal((await verifyEvidence(p, files)).fingerprint, entry.fingerprint ?? '', 'fingerprint');
  });
}
