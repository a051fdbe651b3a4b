/**
 * Opening an envelope (§5.4): steps 0 to 5 as pure functions, and the one frozen order in which they run. A step returns
 * what it found or throws; none changes anything.
 */
import { type Bytes, equalBytes } from '../bytes.ts';
import { ProtocolError, isProtocolError } from '../errors.ts';
import { type Certificate, isValidAt } from '../keys/certificate.ts';
import { verifyStatement } from '../keys/profile.ts';
import { SYMMETRIC_KEY_SIZE } from '../limits.ts';
import { type Primitives, type RsaPrivateKey, SecretKey } from '../primitives.ts';
import { type Envelope, decodeEnvelope } from './envelope.ts';
import { type Freshness, type FreshnessContext, checkFreshness } from './freshness.ts';
import { type Header, decodeHeader } from './header.ts';
import { cipherKey, contentKey, keyCommitment, macKey, wrapLabel } from './layer-keys.ts';
import { type Party, type StatementContext, commitItem, encodeMessageStatement } from './message-statement.ts';
import { decryptPadded } from './padding.ts';
import { type Payload, decodePayload } from './payload.ts';
import { type ReceivedChain, checkPlace } from './received-chain.ts';
import type { Proof } from './proof.ts';

/** What the recipient knows beforehand. Nothing in it comes from the envelope. */
export interface OpeningContext extends FreshnessContext {
  /** The kind of the channel: KIND_LIVE, or another of header.ts. */
  readonly kind: number;
  readonly sid: Uint8Array;
  /** The own device's id. */
  readonly device: Uint8Array;
  /** The sender's, as the handshake authenticated it. */
  readonly certificate: Certificate;
  readonly statement: StatementContext;
  /** Own wrap keys, newest first. */
  readonly wrapKeys: readonly RsaPrivateKey[];
  /** The local secret of the implicit rejection: random, known to nobody else. */
  readonly rejection: SecretKey;
}

/** What the recipient of a mailbox knows beforehand (§9.5): order and age are judged by the record of what came. */
export interface MailboxOpeningContext extends Omit<OpeningContext, keyof FreshnessContext> {
  readonly received: ReceivedChain;
  /** Certificates that the sender's device had before `certificate`: one of them may be that of `sent`. */
  readonly earlier: readonly Certificate[];
}

/** What a member of a room knows beforehand of an envelope whose header named its sender and state (§10.4). */
export interface RoomOpeningContext extends Omit<MailboxOpeningContext, 'received'> {
  /** The own account and device: the wrap's label names them. */
  readonly member: Party;
  /** Step 4. @throws ProtocolError `envelope-4` */
  readonly place: (payload: Payload, judged: { readonly now: number; readonly hash: () => Bytes }) => Freshness;
}

/** What step 0 read. */
export interface Structure {
  readonly envelope: Envelope;
  readonly header: Header;
  /** hh = H(hdr), 32. */
  readonly headerHash: Bytes;
}

/** Step 0. No secret is touched; pn, n and pe are the ratchet's to judge. @throws ProtocolError `envelope-0` */
export function readStructure(
  p: Primitives,
  context: Pick<OpeningContext, 'kind' | 'sid' | 'device'>,
  encoded: Uint8Array,
): Structure {
  const envelope = decodeEnvelope(encoded);
  const header = decodeHeader(envelope.hdr);
  if (header.kind !== context.kind) throw refuse('kind', 'the envelope is not of the kind of this channel');
  if (!equalBytes(header.sid, context.sid)) throw refuse('sid', 'the envelope is of another session');
  if (!equalBytes(header.toDevice, context.device)) throw refuse('device', 'the envelope is for another device');
  return { envelope, header, headerHash: p.sha256(envelope.hdr) };
}

/** Step 1: layer 4, in constant time. @throws ProtocolError `envelope-1` */
export function checkMac(p: Primitives, structure: Structure, messageKey: SecretKey): void {
  const { envelope, headerHash } = structure;
  const key = macKey(p, messageKey, headerHash);
  if (!equalBytes(p.hmacSha256(key.exposeSecretBytes(), envelope.covered), envelope.tag)) {
    throw new ProtocolError('envelope-1', 'hmac', 'the HMAC does not hold');
  }
}

/**
 * What step 2 found: kr, K, the commitment that belongs to it, and the place of the own key that was used; and whether any
 * of the own keys opened the wrap, which a room alone may say (§10.4).
 */
export interface Unwrapped {
  readonly opened: boolean;
  readonly wrapped: SecretKey;
  readonly contentKey: SecretKey;
  readonly commitment: Bytes;
  readonly wrapKey: number;
}

/**
 * Step 2: layer 2. Never fails: a wrap that does not open gives a secret of our own making, so that nobody learns from
 * us whether it was the wrap (implicit rejection). Old keys are tried newest first, and kc decides.
 */
export async function unwrap(
  p: Primitives,
  context: Pick<OpeningContext, 'wrapKeys' | 'rejection'> & { readonly member?: Party },
  structure: Structure,
  messageKey: SecretKey,
): Promise<Unwrapped> {
  const { envelope, headerHash } = structure;
  const label = wrapLabel(headerHash, context.member);
  let opened = false;
  let found: Unwrapped | undefined;
  for (const [wrapKey, privateKey] of context.wrapKeys.entries()) {
    const key = await unwrapWith(privateKey);
    found = { ...derive(key), wrapKey, opened };
    if (equalBytes(found.commitment, envelope.kc)) break;
  }
  return found ?? derive(rejected());

  function rejected(): SecretKey {
    return new SecretKey(p.hmacSha256(context.rejection.exposeSecretBytes(), envelope.wrap));
  }

  async function unwrapWith(privateKey: RsaPrivateKey): Promise<SecretKey> {
    const otherwise = rejected();
    try {
      const key = await p.unwrapOaep(privateKey, label, envelope.wrap);
      if (key.length !== SYMMETRIC_KEY_SIZE) return otherwise;
      opened = true;
      return new SecretKey(key);
    } catch (error) {
      if (!isProtocolError(error, 'primitive')) throw error;
      return otherwise;
    }
  }

  function derive(wrapped: SecretKey): Unwrapped {
    const key = contentKey(p, messageKey, wrapped);
    return { wrapped, contentKey: key, commitment: keyCommitment(p, key, headerHash), wrapKey: 0, opened };
  }
}

/** Step 3: layer 1. @throws ProtocolError `envelope-3`, for step 2's failures too: they are one error */
export function decrypt(p: Primitives, structure: Structure, unwrapped: Unwrapped): { payload: Payload; size: number } {
  const { envelope, headerHash } = structure;
  if (!equalBytes(unwrapped.commitment, envelope.kc)) {
    throw new ProtocolError('envelope-3', 'commitment', 'the key commitment does not hold');
  }
  const plain = decryptPadded(p, cipherKey(p, unwrapped.contentKey, headerHash), envelope);
  return { payload: decodePayload(plain), size: plain.length };
}

/** What step 5 verified: the statement, rebuilt and never read from the envelope. */
export interface SignedStatement {
  readonly statement: Bytes;
  /** H(statement), 32: the next flight's prev. */
  readonly hash: Bytes;
  readonly commitments: readonly Bytes[];
}

/** The statement of a flight, rebuilt from its fields. */
export function rebuildStatement(
  p: Primitives,
  context: Pick<OpeningContext, 'statement'>,
  payload: Payload,
): SignedStatement {
  const commitments = payload.items.map((item) => commitItem(p, item));
  const statement = encodeMessageStatement(p, context.statement, { ...payload, commitments });
  return { statement, hash: p.sha256(statement), commitments };
}

/** Step 5: layer 3. (Step 4 is `checkFreshness`, or `checkPlace` for a mailbox.) @throws ProtocolError `envelope-5` */
export async function verifySignature(
  p: Primitives,
  context: Pick<OpeningContext, 'certificate' | 'statement'>,
  payload: Payload,
  now: number,
): Promise<SignedStatement> {
  const signed = rebuildStatement(p, context, payload);
  if (!(await verifyStatement(p, context.certificate.signKey, signed.statement, payload.signature))) {
    throw new ProtocolError('envelope-5', 'signature', 'the signature does not verify');
  }
  if (!isValidAt(context.certificate, now)) {
    throw new ProtocolError('envelope-5', 'certificate', "the sender's certificate is outside its validity");
  }
  return signed;
}

/**
 * The message key for a header, on a copy of the ratchet, and what to do once the HMAC holds. Nothing else runs between
 * the copy and the commit: that stretch of `openEnvelope` is synchronous.
 */
export interface DerivedKey {
  readonly messageKey: SecretKey;
  /** Commits the ratchet and burns the key: called once, right after step 1, whatever follows. In a room nothing moves yet (§10.4). */
  readonly commit: () => void;
}

/** What a step found, for whoever watches. `took` in milliseconds, absent without a stopwatch. */
export type OpeningStep = { readonly took?: number } & (
  | { readonly step: 'structure'; readonly structure: Structure }
  | { readonly step: 'hmac'; readonly messageKey: SecretKey }
  | { readonly step: 'unwrap'; readonly unwrapped: Unwrapped }
  | { readonly step: 'decrypt'; readonly payload: Payload /** |P|, bytes. */; readonly size: number }
  | { readonly step: 'freshness'; readonly freshness: Freshness }
  | { readonly step: 'signature'; readonly signed: SignedStatement }
);

export interface Opening {
  readonly encoded: Uint8Array;
  /** Unix milliseconds on the own clock. */
  readonly now: number;
  /** @throws ProtocolError `envelope-0` or `envelope-1` (§6) */
  readonly deriveKey: (header: Header) => DerivedKey;
  /** A monotonic clock in milliseconds, for the durations of the proof. */
  readonly stopwatch?: (() => number) | undefined;
  /** Told of each step that held. It decides nothing, and must not throw. */
  readonly watch?: ((step: OpeningStep) => void) | undefined;
}

export interface Opened extends SignedStatement {
  readonly payload: Payload;
  /** Its `fault` is undefined, or the age as the only fault (§5.4). */
  readonly freshness: Freshness;
  readonly proof: Proof;
}

/**
 * All the steps, in the one order. @throws ProtocolError `envelope-0`, `-1`, `-3`, `-4`, `-5`: of several faults the
 * first in the order
 */
export async function openEnvelope(
  p: Primitives,
  context: OpeningContext | MailboxOpeningContext | RoomOpeningContext,
  opening: Opening,
): Promise<Opened> {
  const { now, watch } = opening;
  const lap = laps(opening.stopwatch);

  const structure = readStructure(p, context, opening.encoded);
  const { header, envelope } = structure;
  const structureTook = lap();
  watch?.({ step: 'structure', structure, ...structureTook });

  const { messageKey, commit } = opening.deriveKey(header);
  checkMac(p, structure, messageKey);
  commit();
  const macTook = lap();
  watch?.({ step: 'hmac', messageKey, ...macTook });

  const unwrapped = await unwrap(p, context, structure, messageKey);
  const unwrapTook = lap();
  watch?.({ step: 'unwrap', unwrapped, ...unwrapTook });

  if ('member' in context && !unwrapped.opened) {
    throw new ProtocolError('envelope-3', 'unwrap', 'none of the own keys opens the wrap');
  }
  const { payload, size } = decrypt(p, structure, unwrapped);
  const decryptTook = lap();
  watch?.({ step: 'decrypt', payload, size, ...decryptTook });

  const freshness = judgeFreshness(p, context, payload, now);
  const freshnessTook = lap();
  watch?.({ step: 'freshness', freshness, ...freshnessTook });

  const signer = signerOf(context, payload, now);
  const signed = await verifySignature(p, { ...context, ...signer }, payload, signer.at).catch((error: unknown) => {
    throw freshness.fault ?? error; // the age came first; it was not the only fault
  });
  const signatureTook = lap();
  watch?.({ step: 'signature', signed, ...signatureTook });

  const { pn, n, pe } = header;
  const { gap, age, fault } = freshness;
  const proof: Proof = [
    { check: 'structure', size: opening.encoded.length, ...structureTook },
    { check: 'hmac', covered: envelope.covered.length, pn, n, pe, ...macTook },
    { check: 'unwrap', wrapped: envelope.wrap.length, wrapKey: unwrapped.wrapKey, ...unwrapTook },
    { check: 'decrypt', ciphertext: envelope.ct.length, plain: size, items: payload.items.length, ...decryptTook },
    { check: 'freshness', holds: fault === undefined, seq: payload.seq, gap, age, ttl: payload.ttl, ...freshnessTook },
    {
      check: 'signature',
      statement: signed.statement.length,
      signature: payload.signature.length,
      serial: signer.certificate.serial,
      ...signatureTook,
    },
  ];
  return { ...signed, payload, freshness, proof };
}

/** Step 4: in a live channel, in a room, and in a mailbox. */
function judgeFreshness(
  p: Primitives,
  context: OpeningContext | MailboxOpeningContext | RoomOpeningContext,
  payload: Payload,
  now: number,
): Freshness {
  if (!('earlier' in context)) return checkFreshness(context, payload, now);
  const judged = { now, hash: () => rebuildStatement(p, context, payload).hash };
  return 'place' in context ? context.place(payload, judged) : checkPlace(context.received, payload, judged);
}

/** Whose certificate must be valid when: live the handshake's and now, in a mailbox and a room the one of `sent` (§5.4, §9.5). */
function signerOf(
  context: OpeningContext | MailboxOpeningContext | RoomOpeningContext,
  payload: Payload,
  now: number,
): { readonly certificate: Certificate; readonly at: number } {
  if (!('earlier' in context)) return { certificate: context.certificate, at: now };
  const { certificate, earlier } = context;
  const then = [certificate, ...earlier].find((one) => isValidAt(one, payload.sent));
  return { certificate: then ?? certificate, at: payload.sent };
}

/** The time since the last call, as the `took` of a result; nothing without a stopwatch. */
function laps(stopwatch: (() => number) | undefined): () => { readonly took: number } | undefined {
  if (stopwatch === undefined) return () => undefined;
  let last = stopwatch();
  return () => {
    const since = last;
    last = stopwatch();
    return { took: last - since };
  };
}

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('envelope-0', check, message);
}
