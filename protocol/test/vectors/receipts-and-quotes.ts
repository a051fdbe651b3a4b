/** receipts-and-quotes.json (§9.6): the bodies of quotes, and what ctl says. */
import { fromHex, toHex, utf8 } from '../../src/bytes.ts';
import { decodeCbor, encodeCbor } from '../../src/codec/cbor.ts';
import { decodeMailboxControl } from '../../src/conversation/mailbox-control.ts';
import { openQuote } from '../../src/conversation/open-quote.ts';
import type { ControlEntry } from '../../src/envelope/payload.ts';
import { readBundle } from '../../src/keys/bundle.ts';
import type { Primitives } from '../../src/primitives.ts';
import {
  equal,
  expectFailureOf,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface QuoteFields {
  readonly bundle: string;
  readonly statement: string;
  readonly signature: string;
  readonly commitments: string;
  readonly items: readonly (readonly [index: number, type: string, body: string, r: string])[];
}

type Ranges = readonly (readonly [from: number, to: number])[];

type ReceiptEntry = VectorEntry & { readonly check?: string } & (
    | ({ readonly kind: 'quote'; readonly quote?: string } & Partial<QuoteFields>)
    | {
        readonly kind: 'ctl';
        readonly ctl: string;
        readonly got?: readonly [last: number, ranges: Ranges];
        readonly read?: number;
        readonly again?: Ranges;
        readonly link?: string;
      }
  );

export interface ReceiptsFile extends VectorFile<ReceiptEntry> {
  readonly base: QuoteFields & {
    readonly now: number;
    readonly author: string;
    readonly conversation: string;
    readonly to: string;
    readonly last: number;
    readonly gaps: readonly (readonly [from: number, to: number, before: string, after: string])[];
  };
}

export function runReceipts(file: ReceiptsFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    if (entry.kind === 'ctl') checkControl(entry);
    else await checkQuote(file, entry, p);
  });
}

function checkControl(entry: Extract<ReceiptEntry, { kind: 'ctl' }>): void {
  const says = decodeMailboxControl(decodeCbor(fromHex(entry.ctl)) as unknown as readonly ControlEntry[]);
  const { got, read, again, link } = says;
  const found = { got: got && [got.last, got.ranges], read, again, link: link && toHex(link) };
  const wanted = { got: entry.got, read: entry.read, again: entry.again, link: entry.link };
  equal(JSON.stringify(found), JSON.stringify(wanted), 'what it says');
}

async function checkQuote(
  { base }: ReceiptsFile,
  entry: Extract<ReceiptEntry, { kind: 'quote' }>,
  p: Primitives,
): Promise<void> {
  const { bundle, statement, signature, commitments, items } = { ...base, ...entry };
  const quoted = items.map(([index, type, body, r]) => [index, type, fromHex(body), fromHex(r)]);
  const body =
    entry.quote === undefined
      ? encodeCbor([fromHex(bundle), utf8(statement), fromHex(signature), fromHex(commitments), quoted])
      : fromHex(entry.quote);
  const received = {
    last: { seq: base.last, hash: new Uint8Array(32) },
    gaps: base.gaps.map(([from, to, before, after]) => ({ from, to, before: fromHex(before), after: fromHex(after) })),
    voids: [],
  };
  const context = {
    author: await readBundle(p, fromHex(base.author)),
    places: [{ conversation: base.conversation, to: base.to, received }],
    now: base.now,
  };
  await expectFailureOf(entry, async () => {
    const opened = await openQuote(p, context, body);
    equal(opened.items.length, items.length, 'items');
    for (const [at, item] of opened.items.entries()) {
      const [index] = items[at] as readonly [number, ...unknown[]];
      equal(toHex(item.id), commitments.slice(64 * index, 64 * (index + 1)), 'id');
    }
  });
}
