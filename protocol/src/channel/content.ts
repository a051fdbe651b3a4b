/** What a record carries (§4): CBOR[kind, …]. */
import type { Bytes } from '../bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../codec/cbor.ts';
import { ProtocolError } from '../errors.ts';

/** Each variant names its wire form. Sequence numbers are < 2^53. */
export type Content =
  | { readonly kind: 'ready' } // [0], F5 only
  | { readonly kind: 'envelope'; readonly envelope: Bytes } // [1, envelope]
  | { readonly kind: 'relay'; readonly body: readonly CborValue[] } // [2, …body]
  | { readonly kind: 'ping' } // [3]
  | { readonly kind: 'pong' } // [4]
  | { readonly kind: 'close'; readonly lastSeq: number } // [5, last_seq]: no flight of mine follows; 0: none ever
  | { readonly kind: 'accepted'; readonly seq: number } // [6, n]
  | { readonly kind: 'too-old'; readonly seq: number } // [7, n]: refused for its age alone
  | { readonly kind: 'busy' }; // [8]: in place of the server's [6]: it chats with another

/** The CBOR of a content. */
export function encodeContent(content: Content): Bytes {
  switch (content.kind) {
    case 'ready':
      return encodeCbor([0]);
    case 'envelope':
      return encodeCbor([1, content.envelope]);
    case 'relay':
      return encodeCbor([2, ...content.body]);
    case 'ping':
      return encodeCbor([3]);
    case 'pong':
      return encodeCbor([4]);
    case 'close':
      return encodeCbor([5, content.lastSeq]);
    case 'accepted':
      return encodeCbor([6, content.seq]);
    case 'too-old':
      return encodeCbor([7, content.seq]);
    case 'busy':
      return encodeCbor([8]);
  }
}

/**
 * The content of an opened record.
 * @throws ProtocolError `record`: check `encoding` (no canonical CBOR), `kind` (unknown), `shape` (fields of that kind)
 */
export function decodeContent(plain: Uint8Array): Content {
  const value = decodeArray(plain);
  const [kind, ...rest] = value;
  if (kind === 2) return { kind: 'relay', body: rest };
  const [field] = rest;
  if (rest.length === 0) {
    if (kind === 0) return { kind: 'ready' };
    if (kind === 3) return { kind: 'ping' };
    if (kind === 4) return { kind: 'pong' };
    if (kind === 8) return { kind: 'busy' };
  } else if (rest.length === 1) {
    if (kind === 1 && field instanceof Uint8Array) return { kind: 'envelope', envelope: field as Bytes };
    if (typeof field === 'number') {
      if (kind === 5) return { kind: 'close', lastSeq: field };
      if (kind === 6) return { kind: 'accepted', seq: field };
      if (kind === 7) return { kind: 'too-old', seq: field };
    }
  }
  if (typeof kind === 'number' && kind <= 8) {
    throw new ProtocolError('record', 'shape', `A record of kind ${String(kind)} has other fields than that kind.`);
  }
  throw new ProtocolError('record', 'kind', 'A record of an unknown kind was received.');
}

function decodeArray(plain: Uint8Array): readonly CborValue[] {
  try {
    const value = decodeCbor(plain);
    if (isArray(value)) return value;
  } catch (cause) {
    throw new ProtocolError('record', 'encoding', 'The content of a record is not canonical CBOR.', { cause });
  }
  throw new ProtocolError('record', 'encoding', 'The content of a record is not an array.');
}

/** Array.isArray does not narrow readonly arrays. */
function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}
