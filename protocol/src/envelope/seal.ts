/** Sealing a flight (§5): the five layers, innermost first. */
import { type Bytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { signStatement } from '../keys/profile.ts';
import {
  HASH_SIZE,
  IV_SIZE,
  LIVE_TTL,
  MAX_FRAME,
  MAX_SAFE_UINT,
  SIGNATURE_SIZE,
  SYMMETRIC_KEY_SIZE,
} from '../limits.ts';
import { type Primitives, type RsaPrivateKey, type RsaPublicKey, SecretKey } from '../primitives.ts';
import { CheckWatch, type HeldCheck, type Trace } from '../trace.ts';
import { type EnvelopeBody, encodeCovered, encodeEnvelope } from './envelope.ts';
import { type Header, encodeHeader } from './header.ts';
import { cipherKey, contentKey, keyCommitment, macKey, wrapLabel } from './layer-keys.ts';
import type { Party } from './message-statement.ts';
import { encryptPadded, paddedLength } from './padding.ts';
import { type ControlEntry, type Item, type Payload, checkFlight, encodePayload, payloadSize } from './payload.ts';

export interface Sealing {
  readonly header: Header;
  /** The ratchet's, for this header alone. */
  readonly messageKey: SecretKey;
  /** The statement of exactly this payload (§5.2). */
  readonly statement: Bytes;
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
  const { trace } = sealing;
  const watch = CheckWatch.of(trace);
  const { copies, ...layers } = await sealLayers(p, sealing, { recipients: [{ wrapKey: sealing.wrapKey }], watch });
  const [{ envelope, ...copy }] = copies as [SealedCopy];
  trace?.tell({ ...layers, ...copy, made: watch?.held ?? [] });
  return { envelope, signature: layers.signature };
}

/** A member of a room for whom a copy is made (§10.3). */
export interface CopyRecipient {
  readonly wrapKey: RsaPublicKey;
  /** The wrap's label names it. */
  readonly member: Party;
}

/** One envelope for each recipient: all is the same in them but wrap and tag. Signing and wrapping run side by side. */
export async function sealCopies(
  p: Primitives,
  sealing: Omit<Sealing, 'wrapKey' | 'trace'>,
  recipients: readonly CopyRecipient[],
): Promise<{ copies: readonly Bytes[]; signature: Bytes }> {
  const { copies, signature } = await sealLayers(p, sealing, { recipients, watch: undefined });
  return { copies: copies.map(({ envelope }) => envelope), signature };
}

type SealedCopy = Pick<SealedLayers, 'wrap' | 'tag'> & { readonly envelope: Bytes };

async function sealLayers(
  p: Primitives,
  sealing: Omit<Sealing, 'wrapKey' | 'trace'>,
  {
    recipients,
    watch,
  }: {
    readonly recipients: readonly (Omit<CopyRecipient, 'member'> & Partial<CopyRecipient>)[];
    readonly watch: CheckWatch | undefined;
  },
): Promise<Omit<SealedLayers, 'wrap' | 'tag' | 'made'> & { readonly copies: readonly SealedCopy[] }> {
  const { messageKey, payload } = sealing;
  const hdr = encodeHeader(sealing.header);
  const headerHash = p.sha256(hdr);
  const wrapped = new SecretKey(p.randomBytes(SYMMETRIC_KEY_SIZE));
  const [signature, ...wraps] = await Promise.all([
    signStatement(p, sealing.signKey, sealing.statement),
    ...recipients.map(({ wrapKey, member }) =>
      p.wrapOaep(wrapKey, wrapLabel(headerHash, member), wrapped.exposeSecretBytes()),
    ),
  ]);
  watch?.note('sign and wrap');
  const content = contentKey(p, messageKey, wrapped);
  const iv = p.randomBytes(IV_SIZE);
  const plain = encodePayload({ ...payload, signature });
  const ct = encryptPadded(p, cipherKey(p, content, headerHash), { iv, plain });
  const kc = keyCommitment(p, content, headerHash);
  watch?.note('encrypt');
  const key = macKey(p, messageKey, headerHash).exposeSecretBytes();
  const copies = wraps.map((wrap) => {
    const covered = encodeCovered({ hdr, wrap, iv, ct, kc });
    const tag = p.hmacSha256(key, covered);
    return { wrap, tag, envelope: encodeEnvelope(covered, tag) };
  });
  watch?.note('mac');
  return { hdr, iv, ct, kc, headerHash, signature, wrapped, contentKey: content, plainSize: plain.length, copies };
}

/** More than an envelope and its record have beside ct. */
const ENVELOPE_OVERHEAD = 600;

/** What an envelope must fit into, together with what stands around it. */
export interface EnvelopeRoom {
  readonly check: string;
  /** Bytes. */
  readonly size: number;
}

/** A record's frame (§3). */
export const FRAME_ROOM: EnvelopeRoom = { check: 'frame', size: MAX_FRAME };

/**
 * Looks at a flight before anything changes. `ctl` is all that will travel with it.
 * @throws ProtocolError `limit` for a flight that no receiver would take, or that `room` would not hold
 */
export function checkSealable(
  items: readonly Item[],
  ctl: readonly ControlEntry[],
  { check, size }: EnvelopeRoom,
): void {
  checkFlight(items, ctl);
  if (paddedLength(largestPlain(items, ctl)) + ENVELOPE_OVERHEAD > size) {
    throw new ProtocolError('limit', check, `the flight would not fit the ${size} bytes there are for it`);
  }
}

/** The size of P where its numbers are the largest. */
function largestPlain(items: readonly Item[], ctl: readonly ControlEntry[]): number {
  const [prev, signature] = [new Uint8Array(HASH_SIZE), new Uint8Array(SIGNATURE_SIZE)];
  try {
    return payloadSize({ items, sent: MAX_SAFE_UINT, ttl: LIVE_TTL, seq: MAX_SAFE_UINT, prev, signature, ctl });
  } catch (error) {
    throw new ProtocolError('limit', 'ctl', 'a ctl entry cannot be encoded', { cause: error });
  }
}
