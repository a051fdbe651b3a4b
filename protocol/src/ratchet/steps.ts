/** The steps of the Double Ratchet (§6): of the root, of a chain, and to a new key of either side. */
import { u8 } from '../bytes.ts';
import { ProtocolError, isProtocolError } from '../errors.ts';
import { LABEL_RATCHET } from '../labels.ts';
import { HASH_SIZE, X25519_SIZE } from '../limits.ts';
import { type Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';
import { expandPublic, extract } from '../symmetric/expand.ts';
import type { OwnKeyPair, RatchetHeader, RatchetState, ReceivingChain } from './ratchet-state.ts';

const MESSAGE_KEY = u8(1);
const NEXT_CHAIN = u8(2);

/** A new key of the peer: its receiving chain; our answering step is left to the next send. */
export function turn(
  p: Primitives,
  state: RatchetState,
  header: Pick<RatchetHeader, 'dh' | 'pn'>,
): Pick<RatchetState, 'root' | 'sending'> & { readonly receiving: ReceivingChain } {
  const { sending } = state;
  if (sending.kind === 'due' && state.receiving !== undefined) {
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
    // Who was started with has sent nothing when the first key comes (§9.2).
    sending: { kind: 'due', pn: sending.kind === 'due' ? sending.pn : sending.n },
    receiving: { dh: header.dh, chain, pn: header.pn, n: 0 },
  };
}

/** Takes the sending step if it is due: a new own pair, and a chain from it and the peer's key. */
export function takeStep(
  p: Primitives,
  state: RatchetState,
): RatchetState & { readonly sending: { readonly kind: 'ready' } } {
  const { sending, receiving } = state;
  if (sending.kind === 'ready') return { ...state, sending };
  if (receiving === undefined) throw new ProtocolError('reuse', 'ratchet', 'a step is due without a key of the peer');
  const own = newPair(p);
  const { root, chain } = rootStep(p, state.root, p.x25519(own.privateKey, receiving.dh));
  return { ...state, root, own, sending: { kind: 'ready', chain, pn: sending.pn, n: 0 } };
}

export function newPair(p: Primitives): OwnKeyPair {
  const privateKey = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  return { privateKey, publicKey: p.x25519PublicKey(privateKey) };
}

/** `RK' ‖ CK = Expand(Extract(RK, DH),"ratchet",empty,64)` (§6). */
export function rootStep(p: Primitives, root: SecretKey, shared: SecretKey): { root: SecretKey; chain: SecretKey } {
  const both = expandPublic(p, extract(p, root, shared), LABEL_RATCHET, { size: 2 * HASH_SIZE });
  return { root: new SecretKey(both.subarray(0, HASH_SIZE)), chain: new SecretKey(both.subarray(HASH_SIZE)) };
}

/** `mk_ec = HMAC(CK, 01)` and `CK' = HMAC(CK, 02)` (§6). */
export function chainStep(p: Primitives, chain: SecretKey): { readonly key: SecretKey; readonly next: SecretKey } {
  const secret = chain.exposeSecretBytes();
  return {
    key: new SecretKey(p.hmacSha256(secret, MESSAGE_KEY)),
    next: new SecretKey(p.hmacSha256(secret, NEXT_CHAIN)),
  };
}

/** `mk = Extract(salt = pqk_pe, ikm = mk_ec)` (§6). */
export function messageKey(p: Primitives, pqKey: SecretKey, key: SecretKey): SecretKey {
  return extract(p, pqKey, key);
}
