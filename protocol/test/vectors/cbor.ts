/** spec/vectors/cbor.json: bytes and the value they encode, and bytes to refuse. */
import { fromHex, toHex } from '../../src/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../src/codec/cbor.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type Described =
  | { readonly uint: string }
  | { readonly bytes: string }
  | { readonly text: string }
  | { readonly array: readonly Described[] }
  | { readonly 'array-of-zeros': number };

type CborEntry = VectorEntry & { readonly bytes: string; readonly value?: Described };

export type CborFile = VectorFile<CborEntry>;

function valueOf(described: Described): CborValue {
  if ('uint' in described) return Number(described.uint);
  if ('bytes' in described) return fromHex(described.bytes);
  if ('text' in described) return described.text;
  if ('array' in described) return described.array.map(valueOf);
  return new Array<number>(described['array-of-zeros']).fill(0);
}

/** The same text for the same value. */
function show(value: CborValue): string {
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return `[${value.map(show).join()}]`;
  return value instanceof Uint8Array ? `h'${toHex(value)}'` : JSON.stringify(value);
}

export async function runCbor(file: CborFile): Promise<VectorResult> {
  return runEntries(file, async ({ bytes, value, fails }) => {
    const input = fromHex(bytes);
    if (fails !== undefined) {
      await expectFailure(fails, () => decodeCbor(input));
      return;
    }
    if (value === undefined) throw new Error('a good entry has a value');
    equal(show(decodeCbor(input)), show(valueOf(value)));
    equalHex(encodeCbor(valueOf(value)), bytes);
  });
}
