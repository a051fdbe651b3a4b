/** One session with a device through its mailbox (§9.4, §9.5): a value, and its form at rest. */
import type { InferOutput } from 'valibot';
import { union } from 'valibot';
import { type Bytes, equalBytes } from '../bytes.ts';
import {
  bytes,
  bytesBetween,
  type CborValue,
  decodeCborAs,
  encodeCbor,
  exactly,
  list,
  tuple,
  uint,
} from '../codec/cbor.ts';
import {
  DEVICE_ID_SIZE,
  HASH_SIZE,
  MAX_PAST_CHAINS,
  MAX_SKIPPED_KEYS,
  MAX_START,
  MLKEM_CT_SIZE,
  MLKEM_SEED_SIZE,
  SID_SIZE,
  SYMMETRIC_KEY_SIZE,
  X25519_SIZE,
} from '../limits.ts';
import { MlKemPrivateKey, type Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';
import type { MailboxRatchet, SkippedKey } from '../ratchet/mailbox-ratchet.ts';
import type { PqPhase, PqState } from '../ratchet/pq-state.ts';
import type { DeviceName, RatchetState } from '../ratchet/ratchet-state.ts';
import type { StartedSession } from '../start/start-session.ts';

export interface MailboxSession extends Omit<StartedSession, 'ratchet'>, MailboxRatchet {
  /** When it was last sent on, Unix milliseconds; 0 while it is. */
  readonly ended: number;
}

/** A session in which nothing has been said yet. */
export function newSession(started: StartedSession): MailboxSession {
  return { ...started, skipped: [], pqKeys: [], pastChains: [], ended: 0 };
}

const key = () => bytes(SYMMETRIC_KEY_SIZE);

const PHASE = union([
  tuple([exactly(0)]),
  tuple([exactly(1), bytes(MLKEM_SEED_SIZE)]),
  tuple([exactly(2), key(), bytes(MLKEM_CT_SIZE)]),
  tuple([exactly(3), key()]),
]);
const PQ = tuple([uint(), key(), PHASE, uint(1), uint(), uint(), list(tuple([uint(), key()]), 0, MAX_SKIPPED_KEYS)]);
const SESSION = tuple([
  exactly(1),
  bytes(SID_SIZE),
  bytes(HASH_SIZE),
  bytes(DEVICE_ID_SIZE),
  key(),
  bytes(X25519_SIZE),
  union([tuple([key(), uint(), uint()]), tuple([uint()])]),
  union([tuple([bytes(X25519_SIZE), key(), uint(), uint()]), tuple([])]),
  PQ,
  uint(),
  uint(),
  bytes(2 * SYMMETRIC_KEY_SIZE),
  bytes(2 * SYMMETRIC_KEY_SIZE),
  bytesBetween(0, MAX_START),
  uint(),
  uint(),
  list(bytes(X25519_SIZE), 0, MAX_PAST_CHAINS),
]);
const SKIPPED = tuple([exactly(1), bytes(SID_SIZE), bytes(X25519_SIZE), uint(), key(), uint(), uint(), uint()]);

/** CBOR[1, sid, account, device, …] of §9.5, without its skipped keys: secret, for the home's encrypted database alone. */
export function encodeSession(session: MailboxSession, peer: DeviceName): Bytes {
  const { ratchet, start, madeAt, ended } = session;
  const { root, own, sending, receiving, heard, spokeAt } = ratchet;
  return encodeCbor([
    1,
    session.sid,
    peer.account,
    peer.device,
    root.exposeSecretBytes(),
    own.privateKey.exposeSecretBytes(),
    sending.kind === 'due' ? [sending.pn] : [sending.chain.exposeSecretBytes(), sending.pn, sending.n],
    receiving === undefined ? [] : [receiving.dh, receiving.chain.exposeSecretBytes(), receiving.pn, receiving.n],
    encodePq(ratchet.pq, session.pqKeys),
    heard,
    spokeAt,
    session.typingOut.exposeSecretBytes(),
    session.typingIn.exposeSecretBytes(),
    start,
    madeAt,
    ended,
    session.pastChains,
  ]);
}

/** CBOR[1, sid, dh, n, mk_ec, pe low, pe high, at], one for each of the session's, oldest first. */
export function encodeSkippedKeys({ sid, skipped }: MailboxSession): readonly Bytes[] {
  return skipped.map((one) => encodeSkippedKey(sid, one));
}

/** CBOR[1, sid, dh, n, mk_ec, pe low, pe high, at]: one row. */
export function encodeSkippedKey(sid: Uint8Array, one: SkippedKey): Bytes {
  return encodeCbor([1, sid, one.dh, one.n, one.key.exposeSecretBytes(), one.peLow, one.peHigh, one.at]);
}

export interface StoredSession {
  readonly session: Uint8Array;
  /** Those of this session and of others, oldest first. */
  readonly skipped: readonly Uint8Array[];
}

/** @throws ProtocolError `cbor` where the form is damaged */
export function decodeSession(p: Primitives, stored: StoredSession): MailboxSession & { readonly peer: DeviceName } {
  const fields = decodeCborAs(SESSION, stored.session);
  const [, sid, account, device, root, ownKey, sending, receiving, pq, heard, spokeAt, ...rest] = fields;
  const [typingOut, typingIn, start, madeAt, ended, pastChains] = rest;
  const privateKey = new X25519PrivateKey(ownKey);
  const { state, pqKeys } = decodePq(p, pq);
  const ratchet: RatchetState = {
    root: new SecretKey(root),
    own: { privateKey, publicKey: p.x25519PublicKey(privateKey) },
    sending:
      sending.length === 1
        ? { kind: 'due', pn: sending[0] }
        : { kind: 'ready', chain: new SecretKey(sending[0]), pn: sending[1], n: sending[2] },
    receiving:
      receiving.length === 0
        ? undefined
        : { dh: receiving[0], chain: new SecretKey(receiving[1]), pn: receiving[2], n: receiving[3] },
    pq: state,
    heard,
    spokeAt,
  };
  return {
    peer: { account, device },
    sid,
    ratchet,
    skipped: stored.skipped.flatMap((one) => decodeSkippedKey(one, sid)),
    pqKeys,
    pastChains,
    typingOut: new SecretKey(typingOut),
    typingIn: new SecretKey(typingIn),
    start,
    madeAt,
    ended,
  };
}

/** The key, if it is of this session. */
function decodeSkippedKey(stored: Uint8Array, session: Uint8Array): SkippedKey[] {
  const [, sid, dh, n, mkEc, peLow, peHigh, at] = decodeCborAs(SKIPPED, stored);
  return equalBytes(sid, session) ? [{ dh, n, key: new SecretKey(mkEc), peLow, peHigh, at }] : [];
}

function encodePq(pq: PqState, keys: MailboxRatchet['pqKeys']): CborValue {
  const { epoch, phase, smaller, flights, since } = pq;
  const old = keys.map((one) => [one.epoch, one.key.exposeSecretBytes()]);
  return [epoch, pq.key.exposeSecretBytes(), encodePhase(phase), smaller ? 1 : 0, flights, since, old];
}

function encodePhase(phase: PqPhase): CborValue {
  switch (phase.kind) {
    case 'settled':
      return [0];
    case 'offering':
      return [1, phase.privateKey.exposeSecretBytes()];
    case 'answering':
      return [2, phase.next.exposeSecretBytes(), phase.answer];
    case 'settling':
      return [3, phase.previous.exposeSecretBytes()];
  }
}

function decodePq(
  p: Primitives,
  stored: InferOutput<typeof PQ>,
): { readonly state: PqState; readonly pqKeys: MailboxRatchet['pqKeys'] } {
  const [epoch, pqk, phase, smaller, flights, since, old] = stored;
  return {
    state: { epoch, key: new SecretKey(pqk), phase: decodePhase(p, phase), smaller: smaller === 1, flights, since },
    pqKeys: old.map(([of, secret]) => ({ epoch: of, key: new SecretKey(secret) })),
  };
}

function decodePhase(p: Primitives, phase: InferOutput<typeof PHASE>): PqPhase {
  switch (phase[0]) {
    case 0:
      return { kind: 'settled' };
    case 1: {
      const privateKey = new MlKemPrivateKey(phase[1]);
      return { kind: 'offering', privateKey, offer: p.mlKemPublicKey(privateKey) };
    }
    case 2:
      return { kind: 'answering', next: new SecretKey(phase[1]), answer: phase[2] };
    case 3:
      return { kind: 'settling', previous: new SecretKey(phase[1]) };
  }
}
