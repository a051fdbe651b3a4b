/** What an attacker makes himself, of whatever he has, in the place of an envelope. */
import { type Bytes, SecretKey, utf8 } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeEnvelope, unsafeHeader, unsafeSealing } from '@waxwing/protocol/unsafe';
import type { Person } from '../people.ts';

export interface Forgery {
  /** Unix milliseconds. */
  readonly sent: number;
  readonly text: string;
  /** The text's; drawn unless given. */
  readonly opening?: Bytes;
  /** For whom the message key is wrapped. */
  readonly recipient: Person;
  /** What stands in for the message key of the ratchet, which he has not; drawn unless given. */
  readonly key?: Uint8Array;
  /** What stands in the place of the signature; random bytes unless given. */
  readonly signature?: Bytes;
}

/** An envelope in which everything is the forger's but the header, which he has seen on a captured one. */
export async function forgeEnvelope(captured: Uint8Array, forgery: Forgery): Promise<Bytes> {
  const { sent, text, recipient, opening = p.randomBytes(32), signature = p.randomBytes(256) } = forgery;
  const { envelope } = await unsafeSealing.sealEnvelope(
    { ...p, signPss: () => Promise.resolve(signature) },
    {
      header: unsafeHeader.decodeHeader(unsafeEnvelope.decodeEnvelope(captured).hdr),
      messageKey: new SecretKey(forgery.key ?? p.randomBytes(32)),
      statement: new Uint8Array(0),
      payload: {
        items: [{ type: 'text/plain', body: utf8(text), opening }],
        ...{ sent, ttl: 60, seq: 1, prev: new Uint8Array(32), ctl: [] },
      },
      signKey: recipient.device.signKey, // not used: the signature is there already
      wrapKey: recipient.device.bundle.certificate.wrapKey,
    },
  );
  return envelope;
}
