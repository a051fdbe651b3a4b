/** The Double Ratchet of a live channel (§6): pure functions on immutable state. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { LABEL_FIRST_CLIENT_CHAIN } from '../labels.ts';
import { MAX_U32 } from '../limits.ts';
import type { Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';
import { expand } from '../symmetric/expand.ts';
import { pqReceive, pqSend, startPq } from './pq.ts';
import type { DeviceName, RatchetHeader, RatchetState } from './ratchet-state.ts';
import { chainStep, messageKey, newPair, rootStep, takeStep, turn } from './steps.ts';

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
  const { key, next } = chainStep(p, sending.chain);
  return {
    state: {
      ...stepped,
      sending: { ...sending, chain: next, n: sending.n + 1 },
      pq,
      heard: 0,
      spokeAt: now,
    },
    header: { dh: own.publicKey, pn: sending.pn, n: sending.n, pe: pq.epoch },
    messageKey: messageKey(p, pq.key, key),
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
  const { key, next } = chainStep(p, turned.receiving.chain);
  return {
    state: {
      ...state,
      ...turned,
      receiving: { ...turned.receiving, chain: next, n: header.n + 1 },
      pq: epoch.pq,
      heard: state.heard + 1,
    },
    messageKey: messageKey(p, epoch.key, key),
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
