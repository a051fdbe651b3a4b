/** Sealing a flight (§5): the five layers, innermost first. */
import { type Bytes } from '../bytes.ts';
import { type CborValue, encodeCbor } from '../codec/cbor.ts';
import { ProtocolError } from '../errors.ts';
import { signStatement } from '../keys/profile.ts';
import { IV_SIZE, MAX_FRAME, SYMMETRIC_KEY_SIZE } from '../limits.ts';
import { type Primitives, type RsaPrivateKey, type RsaPublicKey, SecretKey } from '../primitives.ts';
import { CheckWatch, type HeldCheck, type Trace } from '../trace.ts';
import { type EnvelopeBody, encodeCovered, encodeEnvelope } from './envelope.ts';
import { type Header, encodeHeader } from './header.ts';
import { cipherKey, contentKey, keyCommitment, macKey, wrapLabel } from './layer-keys.ts';
import { encryptPadded, paddedLength } from './padding.ts';
import { type Item, type Payload, checkFlight, encodePayload } from './payload.ts';

export interface Sealing {
  readonly header: Header;
  /** The ratchet's, for this header alone. */
  readonly messageKey: SecretKey;
  /** The statement of exactly this payload (§5.2). */
  readonly statement: Uint8Array;
  readonly payload: Omit<Payload, 'signature'>;
  /** The own device's. */
  readonly signKey: RsaPrivateKey;
  /** The recipient's. */
  readonly wrapKey: RsaPublicKey;
  readonly trace?: Trace<SealedLayers> | undefined;
}

/** The layers of an envelope of ours, for whoever watches. Signing and wrapping run side by side. */
export interface SealedLayers extends EnvelopeBody {
  readonly tag: Bytes;
  readonly headerHash: Bytes;
  readonly signature: Bytes;
  /** kr */
  readonly wrapped: SecretKey;
  /** K */
  readonly contentKey: SecretKey;
  /** |P|, bytes. */
  readonly plainSize: number;
  /** `sign and wrap`, `encrypt`, `mac`. */
  readonly made: readonly HeldCheck[];
}

/** The envelope, and the signature inside it. Signing and wrapping run side by side. */
export async function sealEnvelope(p: Primitives, sealing: Sealing): Promise<{ envelope: Bytes; signature: Bytes }> {
  const { messageKey, payload, trace } = sealing;
  const watch = CheckWatch.of(trace);
  const hdr = encodeHeader(sealing.header);
  const headerHash = p.sha256(hdr);
  const wrapped = new SecretKey(p.randomBytes(SYMMETRIC_KEY_SIZE));
  const [signature, wrap] = await Promise.all([
    signStatement(p, sealing.signKey, sealing.statement),
    p.wrapOaep(sealing.wrapKey, wrapLabel(headerHash), wrapped.exposeSecretBytes()),
  ]);
  watch?.note('sign and wrap');
  const content = contentKey(p, messageKey, wrapped);
  const iv = p.randomBytes(IV_SIZE);
  const plain = encodePayload({ ...payload, signature });
  const ct = encryptPadded(p, cipherKey(p, content, headerHash), { iv, plain });
  const kc = keyCommitment(p, content, headerHash);
  watch?.note('encrypt');
  const covered = encodeCovered({ hdr, wrap, iv, ct, kc });
  const tag = p.hmacSha256(macKey(p, messageKey, headerHash).exposeSecretBytes(), covered);
  watch?.note('mac');
  const layers = { hdr, wrap, iv, ct, kc, tag, headerHash, signature };
  trace?.tell({ ...layers, wrapped, contentKey: content, plainSize: plain.length, made: watch?.held ?? [] });
  return { envelope: encodeEnvelope(covered, tag), signature };
}

/** Bytes of P beside items and ctl, of an item beside type and body, and of an envelope and its record beside ct. */
const PAYLOAD_OVERHEAD = 400;
const ITEM_OVERHEAD = 48;
const ENVELOPE_OVERHEAD = 600;

/**
 * Looks at a flight before anything changes. `ctl` is all that will travel with it.
 * @throws ProtocolError `limit` for a flight that no receiver would take, or that no frame would hold
 */
export function checkSealable(items: readonly Item[], ctl: readonly CborValue[]): void {
  checkFlight(items, ctl);
  let size = PAYLOAD_OVERHEAD;
  for (const { type, body } of items) size += type.length + body.length + ITEM_OVERHEAD;
  if (ctl.length > 0) size += encodeControl(ctl).length;
  if (paddedLength(size) + ENVELOPE_OVERHEAD > MAX_FRAME) {
    throw new ProtocolError('limit', 'frame', `the flight would not fit a frame of ${MAX_FRAME} bytes`);
  }
}

function encodeControl(ctl: readonly CborValue[]): Bytes {
  try {
    // Two arrays around it, as in P: what is nested too deeply is found here, not after the ratchet has moved.
    return encodeCbor([ctl]);
  } catch (error) {
    throw new ProtocolError('limit', 'ctl', 'a ctl entry cannot be encoded', { cause: error });
  }
}
