/** The Double Ratchet of a live channel (§6): pure functions on immutable state. */
import { type Bytes, equalBytes, u8 } from '../bytes.ts';
import { ProtocolError, isProtocolError } from '../errors.ts';
import { LABEL_FIRST_CLIENT_CHAIN, LABEL_RATCHET } from '../labels.ts';
import { HASH_SIZE, MAX_U32, X25519_SIZE } from '../limits.ts';
import { type Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';
import { expandPublic, expand, extract } from '../symmetric/expand.ts';
import { pqReceive, pqSend, startPq } from './pq.ts';
import type { DeviceName, OwnKeyPair, RatchetHeader, RatchetState, ReceivingChain } from './ratchet-state.ts';

const MESSAGE_KEY = u8(1);
const NEXT_CHAIN = u8(2);

export type RatchetStart = {
  readonly root: SecretKey;
  readonly self: DeviceName;
  readonly peer: DeviceName;
  /** Unix milliseconds. */
  readonly now: number;
} & (
  | { readonly role: 'server' /** X_c, the client's key of F2. */; readonly peerDh: Bytes }
  | { readonly role: 'client' /** The pair whose public key went out in F2. */; readonly ownDh: X25519PrivateKey }
);

/** The state after a handshake (§6, "Start from a channel"). */
export function startRatchet(p: Primitives, start: RatchetStart): RatchetState {
  const { root, now } = start;
  const pq = startPq(p, start);
  const firstClientChain = expand(p, root, LABEL_FIRST_CLIENT_CHAIN);
  const common = { pq, heard: 0, spokeAt: now };
  if (start.role === 'client') {
    const own = { privateKey: start.ownDh, publicKey: p.x25519PublicKey(start.ownDh) };
    const sending = { kind: 'ready', chain: firstClientChain, pn: 0, n: 0 } as const;
    return { ...common, root, own, sending, receiving: undefined };
  }
  const own = newPair(p);
  const step = rootStep(p, root, p.x25519(own.privateKey, start.peerDh));
  return {
    ...common,
    root: step.root,
    own,
    sending: { kind: 'ready', chain: step.chain, pn: 0, n: 0 },
    receiving: { dh: start.peerDh, chain: firstClientChain, pn: 0, n: 0 },
  };
}

/** The key and header of the next message to send, and the state once it has left. @throws ProtocolError `reuse` at 2^32 */
export function ratchetSend(
  p: Primitives,
  state: RatchetState,
  now: number,
): { readonly state: RatchetState; readonly header: RatchetHeader; readonly messageKey: SecretKey } {
  const stepped = takeStep(p, state);
  const { sending, own } = stepped;
  if (sending.n > MAX_U32) throw new ProtocolError('reuse', 'n', 'a chain of the ratchet is at its end');
  const pq = pqSend(p, state.pq, now);
  const { messageKey, next } = chainStep(p, sending.chain, pq.key);
  return {
    state: {
      ...stepped,
      sending: { ...sending, chain: next, n: sending.n + 1 },
      pq,
      heard: 0,
      spokeAt: now,
    },
    header: { dh: own.publicKey, pn: sending.pn, n: sending.n, pe: pq.epoch },
    messageKey,
  };
}

/**
 * The key of a received message, and the state once its HMAC holds. Live channels skip nothing (§6).
 * @throws ProtocolError `envelope-0` for a header that cannot come here, `envelope-1` for an all-zero X25519 output
 */
export function ratchetReceive(
  p: Primitives,
  state: RatchetState,
  header: RatchetHeader,
  now: number,
): { readonly state: RatchetState; readonly messageKey: SecretKey } {
  const { receiving } = state;
  const known = receiving !== undefined && equalBytes(receiving.dh, header.dh);
  checkCounters(state, header, known);
  const epoch = pqReceive(state.pq, header.pe, now);
  const turned = known ? { root: state.root, sending: state.sending, receiving } : turn(p, state, header);
  const { messageKey, next } = chainStep(p, turned.receiving.chain, epoch.key);
  return {
    state: {
      ...state,
      ...turned,
      receiving: { ...turned.receiving, chain: next, n: header.n + 1 },
      pq: epoch.pq,
      heard: state.heard + 1,
    },
    messageKey,
  };
}

/** §6, live: a known dh goes on by one, a new one begins at 0 and names all that came before, so that a drop shows. */
function checkCounters(state: RatchetState, header: RatchetHeader, known: boolean): void {
  const { receiving, own } = state;
  const want = known ? { pn: receiving?.pn ?? 0, n: receiving?.n ?? 0 } : { pn: receiving?.n ?? 0, n: 0 };
  if (header.n !== want.n || header.n > MAX_U32) {
    throw new ProtocolError('envelope-0', 'n', `the envelope is number ${header.n} of its chain, not ${want.n}`);
  }
  if (header.pn !== want.pn) {
    throw new ProtocolError('envelope-0', 'pn', `the chain before has ${want.pn} envelopes here, not ${header.pn}`);
  }
  if (equalBytes(own.publicKey, header.dh)) {
    throw new ProtocolError('envelope-0', 'dh', 'the envelope carries our own ratchet key');
  }
}

/** A new key of the peer: its receiving chain; our answering step is left to the next send. */
function turn(
  p: Primitives,
  state: RatchetState,
  header: RatchetHeader,
): Pick<RatchetState, 'root' | 'sending'> & { readonly receiving: ReceivingChain } {
  const { sending } = state;
  if (sending.kind === 'due') {
    // Nothing of ours has left since the peer's last key: an honest peer had nothing to step on.
    throw new ProtocolError('envelope-1', 'dh', 'the ratchet key changed twice without an answer');
  }
  let shared: SecretKey;
  try {
    shared = p.x25519(state.own.privateKey, header.dh);
  } catch (error) {
    if (!isProtocolError(error, 'primitive')) throw error;
    throw new ProtocolError('envelope-1', 'dh', 'the ratchet key of the envelope gives no shared secret');
  }
  const { root, chain } = rootStep(p, state.root, shared);
  return {
    root,
    sending: { kind: 'due', pn: sending.n },
    receiving: { dh: header.dh, chain, pn: header.pn, n: 0 },
  };
}

/** Takes the sending step if it is due: a new own pair, and a chain from it and the peer's key. */
function takeStep(p: Primitives, state: RatchetState): RatchetState & { readonly sending: { readonly kind: 'ready' } } {
  const { sending, receiving } = state;
  if (sending.kind === 'ready') return { ...state, sending };
  if (receiving === undefined) throw new ProtocolError('reuse', 'ratchet', 'a step is due without a key of the peer');
  const own = newPair(p);
  const { root, chain } = rootStep(p, state.root, p.x25519(own.privateKey, receiving.dh));
  return { ...state, root, own, sending: { kind: 'ready', chain, pn: sending.pn, n: 0 } };
}

function newPair(p: Primitives): OwnKeyPair {
  const privateKey = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  return { privateKey, publicKey: p.x25519PublicKey(privateKey) };
}

/** `RK' ‖ CK = Expand(Extract(RK, DH),"ratchet",empty,64)` (§6). */
function rootStep(p: Primitives, root: SecretKey, shared: SecretKey): { root: SecretKey; chain: SecretKey } {
  const both = expandPublic(p, extract(p, root, shared), LABEL_RATCHET, { size: 2 * HASH_SIZE });
  return { root: new SecretKey(both.subarray(0, HASH_SIZE)), chain: new SecretKey(both.subarray(HASH_SIZE)) };
}

/** `mk_ec = HMAC(CK, 01)`, `CK' = HMAC(CK, 02)`, `mk = Extract(salt = pqk_pe, ikm = mk_ec)` (§6). */
function chainStep(p: Primitives, chain: SecretKey, pqKey: SecretKey): { messageKey: SecretKey; next: SecretKey } {
  const key = chain.exposeSecretBytes();
  return {
    messageKey: extract(p, pqKey, p.hmacSha256(key, MESSAGE_KEY)),
    next: new SecretKey(p.hmacSha256(key, NEXT_CHAIN)),
  };
}
