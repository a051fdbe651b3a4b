/** What an attacker on the wire does to an envelope without any key. */
import type { Bytes } from '@waxwing/protocol';
import { unsafeEnvelope } from '@waxwing/protocol/unsafe';

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
