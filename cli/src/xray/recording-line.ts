/** The lines of a recording, and their judge: whatever stands in a file, only these shapes within these bounds are read. */
import * as v from 'valibot';
import type { Block } from './block.ts';

/** Of one field: a whole frame in hex, and a text. */
const MAX_HEX = 2 * 131_072;
const MAX_VALUE = 131_072;
/** A lab identity's flight has 64 texts in one row. */
const MAX_PARTS = 256;
const MAX_ROWS = 64;

const word = v.pipe(v.string(), v.maxLength(120));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const moment = v.pipe(v.number(), v.safeInteger());
const hex = v.pipe(v.string(), v.maxLength(MAX_HEX), v.regex(/^(?:[0-9a-f]{2})*$/));

const part = v.variant('kind', [
  v.strictObject({
    kind: v.literal('bytes'),
    name: word,
    original: v.optional(word),
    layer: v.optional(v.picklist([1, 2, 3, 4, 5])),
    size: count,
    hex,
  }),
  v.strictObject({
    kind: v.literal('secret'),
    name: word,
    size: count,
    mark: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
    hex: v.optional(hex),
  }),
  v.strictObject({ kind: v.literal('value'), name: word, value: v.pipe(v.string(), v.maxLength(MAX_VALUE)) }),
  v.strictObject({
    kind: v.literal('check'),
    name: word,
    held: v.boolean(),
    took: v.optional(v.pipe(v.number(), v.finite())),
    note: v.optional(v.pipe(v.string(), v.maxLength(MAX_VALUE))),
  }),
]);

const header = v.strictObject({
  kind: v.literal('waxwing-xray'),
  version: v.literal(1),
  program: word,
  role: v.picklist(['server', 'client']),
  lab: v.boolean(),
  madeAt: moment,
});

const block = v.strictObject({
  kind: v.literal('block'),
  at: moment,
  connection: count,
  direction: v.picklist(['out', 'in', 'here']),
  frame: word,
  size: count,
  title: word,
  rows: v.pipe(
    v.array(v.strictObject({ name: word, parts: v.pipe(v.array(part), v.maxLength(MAX_PARTS)) })),
    v.maxLength(MAX_ROWS),
  ),
});

const end = v.strictObject({ kind: v.literal('end'), why: v.picklist(['closed', 'full']), blocks: count });

const line = v.variant('kind', [header, block, end]);

export type RecordingHeader = v.InferOutput<typeof header>;
export type RecordingLine = RecordingHeader | ({ readonly kind: 'block' } & Block) | v.InferOutput<typeof end>;

/** A line of a recording, or undefined for anything else. */
export function readLine(text: string): RecordingLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = v.safeParse(line, value);
  return read.success ? read.output : undefined;
}

/** The version a first line claims, where it is the first line of a recording of any version. */
export function claimedVersion(text: string): number | undefined {
  try {
    const claim = v.safeParse(v.object({ kind: v.literal('waxwing-xray'), version: count }), JSON.parse(text));
    return claim.success ? claim.output.version : undefined;
  } catch {
    return undefined;
  }
}
