/** The ratchet's two ends after an asynchronous start (§9.2): the initiator steps first, against spk. */
import type { Bytes } from '../bytes.ts';
import type { Primitives, SecretKey, X25519PrivateKey } from '../primitives.ts';
import { startPq } from './pq.ts';
import type { DeviceName, RatchetState } from './ratchet-state.ts';
import { newPair, rootStep } from './steps.ts';

interface PrekeyStart {
  /** SK */
  readonly root: SecretKey;
  readonly self: DeviceName;
  readonly peer: DeviceName;
  /** Unix milliseconds. */
  readonly now: number;
}

/** The initiator's end: a new pair (not e) against spk gives its first sending chain. It receives nothing on spk. */
export function startInitiator(p: Primitives, start: PrekeyStart & { readonly signedPrekey: Bytes }): RatchetState {
  const own = newPair(p);
  const { root, chain } = rootStep(p, start.root, p.x25519(own.privateKey, start.signedPrekey));
  return {
    root,
    own,
    sending: { kind: 'ready', chain, pn: 0, n: 0 },
    receiving: undefined,
    pq: startPq(p, start),
    heard: 0,
    spokeAt: start.now,
  };
}

/** The responder's end: its first own pair is spk, and it can send once it has received. */
export function startResponder(
  p: Primitives,
  start: PrekeyStart & { readonly signedPrekey: X25519PrivateKey },
): RatchetState {
  const { root, signedPrekey } = start;
  return {
    root,
    own: { privateKey: signedPrekey, publicKey: p.x25519PublicKey(signedPrekey) },
    sending: { kind: 'due', pn: 0 },
    receiving: undefined,
    pq: startPq(p, start),
    heard: 0,
    spokeAt: start.now,
  };
}
