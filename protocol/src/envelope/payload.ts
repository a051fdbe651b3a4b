/** `P = CBOR[items, sent, ttl, seq, prev, sig, ctl]` (§5): what layer 1 hides, and the limits of a flight (§5.1, §12). */
import type { InferOutput } from 'valibot';
import { type Bytes, isText } from '../bytes.ts';
import {
  type CborValue,
  anyValue,
  bytes,
  bytesBetween,
  cborSize,
  decodeCborAs,
  encodeCbor,
  list,
  text,
  tuple,
  uint,
} from '../codec/cbor.ts';
import { ProtocolError } from '../errors.ts';
import { TYPE_TEXT } from '../labels.ts';
import { HASH_SIZE, MAX_BODY, MAX_CTL, MAX_ITEMS, MAX_MEDIA_TYPE, SIGNATURE_SIZE } from '../limits.ts';

/** An item as it travels: `opening` is the r of its commitment (§5.1). */
export interface Item {
  readonly type: string;
  readonly body: Bytes;
  readonly opening: Bytes;
}

/** A ctl entry: an array that begins with a name. Unknown names are ignored. */
export type ControlEntry = readonly [string, ...CborValue[]];

export interface Payload {
  readonly items: readonly Item[];
  /** Unix milliseconds on the sender's clock. */
  readonly sent: number;
  /** Seconds. */
  readonly ttl: number;
  readonly seq: number;
  /** H of the sender's statement before this one, 32. */
  readonly prev: Bytes;
  readonly signature: Bytes;
  readonly ctl: readonly ControlEntry[];
}

/** A media type (§5.1). */
export const MEDIA_TYPE = new RegExp(`^[\\x21-\\x7e]{1,${MAX_MEDIA_TYPE}}$`);

const PAYLOAD = tuple([
  list(tuple([text(MEDIA_TYPE), bytesBetween(0, MAX_BODY), bytes(HASH_SIZE)]), 1, MAX_ITEMS),
  uint(),
  uint(),
  uint(),
  bytes(HASH_SIZE),
  bytes(SIGNATURE_SIZE),
  list(anyValue(), 0, MAX_CTL),
]);

export function encodePayload(payload: Payload): Bytes {
  return encodeCbor(fieldsOf(payload));
}

/** The size of its encoding, bytes. */
export function payloadSize(payload: Payload): number {
  return cborSize(fieldsOf(payload));
}

function fieldsOf(payload: Payload): CborValue {
  const items = payload.items.map(({ type, body, opening }) => [type, body, opening]);
  return [items, payload.sent, payload.ttl, payload.seq, payload.prev, payload.signature, payload.ctl];
}

/** @throws ProtocolError `envelope-3` for anything but the canonical encoding of a flight within its limits */
export function decodePayload(encoded: Uint8Array): Payload {
  let fields: InferOutput<typeof PAYLOAD>;
  try {
    fields = decodeCborAs(PAYLOAD, encoded);
  } catch (error) {
    throw new ProtocolError('envelope-3', 'plain', 'the plain text is not well-formed', { cause: error });
  }
  const [list, sent, ttl, seq, prev, signature, ctl] = fields;
  const items = list.map(([type, body, opening]) => ({ type, body, opening }));
  const refuse = (message: string): ProtocolError => new ProtocolError('envelope-3', 'plain', message);
  if (!ctl.every(isControlEntry)) throw refuse('a ctl entry is no array that begins with a name');
  checkBodies(items, refuse);
  return { items, sent, ttl, seq, prev, signature, ctl };
}

/**
 * Looks at a flight about to be sent, before anything changes.
 * @throws ProtocolError `limit` for one that no receiver would take
 */
export function checkFlight(items: readonly Item[], ctl: readonly CborValue[]): void {
  if (items.length < 1 || items.length > MAX_ITEMS) {
    throw new ProtocolError('limit', 'items', `a flight has 1 to ${MAX_ITEMS} items, not ${items.length}`);
  }
  if (ctl.length > MAX_CTL) throw new ProtocolError('limit', 'ctl', `a flight has at most ${MAX_CTL} ctl entries`);
  if (!ctl.every(isControlEntry)) throw new ProtocolError('limit', 'ctl', 'a ctl entry begins with a name');
  for (const { type, opening } of items) {
    if (!MEDIA_TYPE.test(type)) {
      throw new ProtocolError('limit', 'media type', 'a media type has 1 to 64 printable ASCII characters, no space');
    }
    if (opening.length !== HASH_SIZE) throw new ProtocolError('limit', 'opening', 'an opening has 32 bytes');
  }
  checkBodies(items, (message) => new ProtocolError('limit', 'body', message));
}

/** Looks at the bodies of items that are otherwise well-formed. @throws what `refuse` makes */
function checkBodies(items: readonly Item[], refuse: (message: string) => ProtocolError): void {
  let size = 0;
  for (const { type, body } of items) {
    size += body.length;
    if (size > MAX_BODY) throw refuse(`more than ${MAX_BODY} bytes in all the bodies of a flight`);
    if (type === TYPE_TEXT && !isText(body)) throw refuse('a text is not valid UTF-8');
  }
}

function isControlEntry(entry: CborValue): entry is ControlEntry {
  return Array.isArray(entry) && typeof entry[0] === 'string';
}
