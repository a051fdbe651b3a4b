/** spec/vectors/expand.json: Expand, Extract and the derivations of the post-quantum step. */
import { fromHex, u32 } from '../../src/bytes.ts';
import { LABEL_PQ } from '../../src/labels.ts';
import { type Primitives, SecretKey } from '../../src/primitives.ts';
import { expand, expandPublic, extract } from '../../src/symmetric/expand.ts';
import { equalHex, runEntries, type VectorEntry, type VectorFile, type VectorResult } from './vector-file.ts';

type ExpandEntry = VectorEntry & {
  // Expand
  readonly prk?: string;
  readonly label?: string;
  readonly ctx?: string;
  readonly size?: number;
  readonly out?: string;
  // Extract (its result is `prk`)
  readonly salt?: string;
  readonly ikm?: string;
  // The post-quantum step (§6)
  readonly pqk?: string;
  readonly ss?: string;
  readonly epoch?: number;
  readonly pqk_next?: string;
  readonly mk_ec?: string;
  readonly mk?: string;
};

export type ExpandFile = VectorFile<ExpandEntry>;

export async function runExpand(file: ExpandFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, (entry) => {
    if (entry.label !== undefined) runLabel(entry, entry.label, p);
    else if (entry.salt !== undefined) runExtract(entry, p);
    else runStep(entry, p);
  });
}

function runLabel(entry: ExpandEntry, label: string, p: Primitives): void {
  const prk = secret(entry.prk);
  const options = { context: fromHex(entry.ctx ?? ''), size: entry.size ?? 0 };
  equalHex(expand(p, prk, label, options).exposeSecretBytes(), entry.out ?? '');
  equalHex(expandPublic(p, prk, label, options), entry.out ?? '');
}

function runExtract(entry: ExpandEntry, p: Primitives): void {
  const prk = extract(p, fromHex(entry.salt ?? ''), secret(entry.ikm));
  equalHex(prk.exposeSecretBytes(), entry.prk ?? '');
}

function runStep(entry: ExpandEntry, p: Primitives): void {
  const context = u32(entry.epoch ?? 0);
  const next = expand(p, extract(p, secret(entry.pqk), secret(entry.ss)), LABEL_PQ, { context });
  equalHex(next.exposeSecretBytes(), entry.pqk_next ?? '', 'pqk_next');
  equalHex(extract(p, next, secret(entry.mk_ec)).exposeSecretBytes(), entry.mk ?? '', 'mk');
}

function secret(hex: string | undefined): SecretKey {
  if (hex === undefined) throw new Error('a field is missing');
  return new SecretKey(fromHex(hex));
}
