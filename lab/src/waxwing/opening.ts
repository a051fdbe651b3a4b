/**
 * The checks of §5.4 as the lab composes them: the same steps, in the same order, each of them asked for first. With
 * everything on it does what the product's `openEnvelope` does (lab/test/composed.test.ts).
 */
import { type Bytes, LIVE_TTL, type Primitives, ProtocolError, isProtocolError } from '@waxwing/protocol';
import {
  unsafeEnvelope,
  unsafeFreshness,
  unsafeHeader,
  unsafeLayerKeys,
  unsafeOpening,
  type unsafePayload,
  unsafeStatement,
} from '@waxwing/protocol/unsafe';
import type { CheckName } from '../check.ts';

export type Off = (check: CheckName) => boolean;

export interface ComposedOpened {
  readonly payload: unsafePayload.Payload;
  readonly freshness: unsafeFreshness.Freshness;
  readonly statementHash: Bytes;
  readonly commitments: readonly Bytes[];
}

/** @throws ProtocolError as `openEnvelope` says */
export async function openComposed(
  p: Primitives,
  context: unsafeOpening.OpeningContext,
  opening: unsafeOpening.Opening,
  off: Off,
): Promise<ComposedOpened> {
  const structure = off('structure')
    ? readAnyway(p, opening.encoded)
    : unsafeOpening.readStructure(p, context, opening.encoded);

  const { messageKey, commit } = opening.deriveKey(structure.header);
  if (!off('hmac')) unsafeOpening.checkMac(p, structure, messageKey);
  commit();

  const unwrapped = off('unwrap')
    ? await unwrapOrTell(p, context, { structure, messageKey })
    : await unsafeOpening.unwrap(p, context, structure, messageKey);

  const commitment = off('commitment') ? structure.envelope.kc : unwrapped.commitment;
  const { payload } = unsafeOpening.decrypt(p, structure, { ...unwrapped, commitment });

  const last = off('chain') ? { seq: payload.seq - 1, hash: payload.prev } : context.last;
  const timeless = off('freshness');
  const judged = timeless ? { ...payload, ttl: LIVE_TTL } : payload;
  const found = unsafeFreshness.checkFreshness({ ...context, last }, judged, opening.now);
  const freshness = timeless ? { ...found, fault: undefined } : found;

  const signed = off('signature')
    ? rebuild(p, context, payload)
    : await unsafeOpening.verifySignature(p, context, payload, opening.now).catch((error: unknown) => {
        throw freshness.fault ?? error;
      });
  return { payload, freshness, statementHash: signed.hash, commitments: signed.commitments };
}

function readAnyway(p: Primitives, encoded: Uint8Array): unsafeOpening.Structure {
  const envelope = unsafeEnvelope.decodeEnvelope(encoded);
  return { envelope, header: unsafeHeader.decodeHeader(envelope.hdr), headerHash: p.sha256(envelope.hdr) };
}

/** Layer 2 without implicit rejection: a wrap that does not open is told at once. */
async function unwrapOrTell(
  p: Primitives,
  context: unsafeOpening.OpeningContext,
  given: { structure: unsafeOpening.Structure; messageKey: Parameters<typeof unsafeOpening.unwrap>[3] },
): Promise<unsafeOpening.Unwrapped> {
  const { structure, messageKey } = given;
  const label = unsafeLayerKeys.wrapLabel(structure.headerHash);
  for (const key of context.wrapKeys) {
    try {
      await p.unwrapOaep(key, label, structure.envelope.wrap);
      return await unsafeOpening.unwrap(p, context, structure, messageKey);
    } catch (error) {
      if (!isProtocolError(error, 'primitive')) throw error;
    }
  }
  throw new ProtocolError('envelope-3', 'unwrap', 'the wrapped key does not open');
}

function rebuild(
  p: Primitives,
  context: unsafeOpening.OpeningContext,
  payload: unsafePayload.Payload,
): Pick<unsafeOpening.SignedStatement, 'hash' | 'commitments'> {
  const commitments = payload.items.map((item) => unsafeStatement.commitItem(p, item));
  const statement = unsafeStatement.encodeMessageStatement(p, context.statement, { ...payload, commitments });
  return { hash: p.sha256(statement), commitments };
}
