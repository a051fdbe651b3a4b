/** A flight given again as its sender signed it (§9.6): the body of an item `application/waxwing-quote`, never a key. */
import type { InferOutput } from 'valibot';
import { type Bytes, concat, equalBytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, list, text, tuple, uint } from '../codec/cbor.ts';
import { commitItem } from '../envelope/message-statement.ts';
import { type Item, MEDIA_TYPE } from '../envelope/payload.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { TYPE_QUOTE, TYPE_STEP } from '../labels.ts';
import { HASH_SIZE, MAX_BODY, MAX_ITEMS, MAX_STATEMENT, MAX_STORED_BUNDLE, SIGNATURE_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import type { OutgoingItem } from './flight.ts';

/** What is kept of a flight of one's own: what was signed, and what it was about. */
export interface SignedFlight {
  /** The own bundle of that time. */
  readonly bundle: Bytes;
  readonly statement: Bytes;
  readonly signature: Bytes;
  /** c_1 … c_count, each 32. */
  readonly commitments: readonly Bytes[];
}

export interface Quote extends SignedFlight {
  /** 1..64, ascending by their places in the flight, which begin with 0. */
  readonly items: readonly (Item & { readonly index: number })[];
}

/** Items that say nothing to anybody who reads: a quote does not carry them. */
const UNQUOTED: readonly string[] = [TYPE_STEP, TYPE_QUOTE];

const QUOTE = tuple([
  bytesBetween(1, MAX_STORED_BUNDLE),
  bytesBetween(1, MAX_STATEMENT),
  bytes(SIGNATURE_SIZE),
  bytesBetween(HASH_SIZE, HASH_SIZE * MAX_ITEMS),
  list(tuple([uint(MAX_ITEMS - 1), text(MEDIA_TYPE), bytesBetween(0, MAX_BODY), bytes(HASH_SIZE)]), 1, MAX_ITEMS),
]);

/**
 * The item that gives a flight of one's own again. Undefined where it cannot be quoted, because it would not fit or has
 * nothing to be read: then its items are sent anew, or its seq is voided.
 * @throws ProtocolError `limit`, check `quote`, for an item that is not one of the flight
 */
export function quoteFlight(p: Primitives, flight: SignedFlight, items: readonly Item[]): OutgoingItem | undefined {
  const places = new Map<number, Item>();
  for (const item of items) {
    if (!isQuotable(item.type)) continue;
    const id = commitItem(p, item);
    const index = flight.commitments.findIndex((commitment) => equalBytes(commitment, id));
    if (index < 0) throw new ProtocolError('limit', 'quote', 'an item to be quoted is not one of its flight');
    places.set(index, item);
  }
  if (places.size === 0) return undefined;
  const ordered = [...places].sort(([a], [b]) => a - b).map(([index, item]) => ({ ...item, index }));
  const body = encodeQuote({ ...flight, items: ordered });
  return body.length > MAX_BODY ? undefined : { type: TYPE_QUOTE, body };
}

/** CBOR[bundle, statement, signature, commitments, [[index, type, body, r] …]] */
export function encodeQuote({ bundle, statement, signature, commitments, items }: Quote): Bytes {
  const quoted = items.map(({ index, type, body, opening }) => [index, type, body, opening]);
  return encodeCbor([bundle, statement, signature, concat(...commitments), quoted]);
}

/** What a quote says, nothing of it verified. @throws ProtocolError `quote`, check `shape` */
export function decodeQuote(body: Uint8Array): Quote {
  let fields: InferOutput<typeof QUOTE>;
  try {
    fields = decodeCborAs(QUOTE, body);
  } catch (cause) {
    if (!isProtocolError(cause, 'cbor')) throw cause;
    throw misshapen({ cause });
  }
  const [bundle, statement, signature, joined, list] = fields;
  const items = list.map(([index, type, own, opening]) => ({ index, type, body: own, opening }));
  const ascending = items.every(({ index }, at) => at === 0 || index > (items[at - 1]?.index ?? index));
  if (joined.length % HASH_SIZE !== 0 || !ascending) throw misshapen();
  const commitments = Array.from({ length: joined.length / HASH_SIZE }, (_, at) =>
    joined.slice(at * HASH_SIZE, (at + 1) * HASH_SIZE),
  );
  return { bundle, statement, signature, commitments, items };
}

/** Whether an item of this type may stand in a quote. */
export function isQuotable(type: string): boolean {
  return !UNQUOTED.includes(type);
}

function misshapen(options?: ErrorOptions): ProtocolError {
  return new ProtocolError('quote', 'shape', 'a quote is not of its form', options);
}
