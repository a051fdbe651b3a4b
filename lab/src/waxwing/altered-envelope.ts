/** What an attacker on the wire does to an envelope without any key. */
import { type Bytes, u64 } from '@waxwing/protocol';
import { unsafeEnvelope } from '@waxwing/protocol/unsafe';
import { turn } from '../cryptanalysis/malleability.ts';

const BLOCK = 16;
/** Where the time stands in the plain text of a flight with one text of fifteen bytes: at the beginning of a block. */
const TIME_AT = 65;

type Fields = ReturnType<typeof unsafeEnvelope.decodeEnvelope>;

/** The envelope with some of its fields replaced; the tag stays as it was unless it is one of them. */
export function alterEnvelope(
  envelope: Uint8Array,
  change: (fields: Fields) => Partial<Pick<Fields, 'hdr' | 'wrap' | 'iv' | 'ct' | 'kc' | 'tag'>>,
): Bytes {
  const fields = unsafeEnvelope.decodeEnvelope(envelope);
  const altered = { ...fields, ...change(fields) };
  return unsafeEnvelope.encodeEnvelope(unsafeEnvelope.encodeCovered(altered), altered.tag);
}

/**
 * The envelope of a flight with one text of fifteen bytes, with its time turned: both in Unix milliseconds. The block before
 * the time is spoilt, but it holds random bytes, of which nobody knows what they should be.
 */
export function turnTime(envelope: Uint8Array, { from, to }: { readonly from: number; readonly to: number }): Bytes {
  const times = { from: u64(from), to: u64(to) };
  return alterEnvelope(envelope, ({ ct }) => ({ ct: turn(ct, TIME_AT - BLOCK, times) }));
}
