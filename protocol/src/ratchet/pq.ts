/**
 * Post-quantum healing (§6): from time to time one side offers a fresh ML-KEM-768 key in ctl, the other answers with a
 * ciphertext, and the shared secret goes into every message key of the next epoch.
 */
import { type Bytes, compareBytes, u32 } from '../bytes.ts';
import { ProtocolError, isProtocolError } from '../errors.ts';
import { LABEL_PQ } from '../labels.ts';
import { MAX_U32, MLKEM_CT_SIZE, MLKEM_EK_SIZE, MLKEM_SEED_SIZE, PQ_STEP_FLIGHTS, PQ_STEP_TIME } from '../limits.ts';
import { MlKemPrivateKey, type Primitives, type SecretKey } from '../primitives.ts';
import { expand, extract } from '../symmetric/expand.ts';
import type { PqState } from './pq-state.ts';
import type { DeviceName, RatchetState } from './ratchet-state.ts';

const OFFER = 'ek';
const ANSWER = 'ct';

type ControlValue = number | string | Uint8Array | readonly ControlValue[];
/** A ctl entry as the wire has it: an array that begins with a name (§5). */
export type Control = readonly ControlValue[];

/** Epoch 0: `pqk_0 = Expand(root,"pq")` (§6). */
export function startPq(
  p: Primitives,
  options: {
    readonly root: SecretKey;
    readonly self: DeviceName;
    readonly peer: DeviceName;
    readonly now: number;
  },
): PqState {
  const { root, self, peer, now } = options;
  const order = compareBytes(self.account, peer.account) || compareBytes(self.device, peer.device);
  return {
    epoch: 0,
    key: expand(p, root, LABEL_PQ),
    phase: { kind: 'settled' },
    smaller: order < 0,
    flights: 0,
    since: now,
  };
}

/** Counts a flight about to be sent, and begins an offer where it is due and our turn. */
export function pqSend(p: Primitives, pq: PqState, now: number): PqState {
  const counted = { ...pq, flights: pq.flights + 1 };
  if (pq.phase.kind !== 'settled' || !offersEpoch(pq, pq.epoch + 1) || pq.epoch >= MAX_U32) return counted;
  if (pq.flights < PQ_STEP_FLIGHTS && now - pq.since < PQ_STEP_TIME) return counted;
  const privateKey = new MlKemPrivateKey(p.randomBytes(MLKEM_SEED_SIZE));
  return { ...counted, phase: { kind: 'offering', privateKey, offer: p.mlKemPublicKey(privateKey) } };
}

/**
 * The key of a received flight's epoch, and the state once its HMAC holds.
 * @throws ProtocolError `envelope-0` for an epoch that cannot come here
 */
export function pqReceive(pq: PqState, pe: number, now: number): { readonly pq: PqState; readonly key: SecretKey } {
  const counted = { ...pq, flights: pq.flights + 1 };
  const { phase } = pq;
  if (pe === pq.epoch) {
    return { pq: phase.kind === 'settling' ? { ...counted, phase: { kind: 'settled' } } : counted, key: pq.key };
  }
  if (phase.kind === 'answering' && pe === pq.epoch + 1) {
    // The other side has our answer: from here on both sides are in the new epoch.
    return {
      pq: { ...pq, epoch: pe, key: phase.next, phase: { kind: 'settled' }, flights: 1, since: now },
      key: phase.next,
    };
  }
  if (phase.kind === 'settling' && pe === pq.epoch - 1) return { pq: counted, key: phase.previous };
  throw new ProtocolError('envelope-0', 'pe', 'the envelope is of a post-quantum epoch that cannot come here');
}

/** The highest epoch that has come from the other side, and its key: pe never falls along a sender's order (§6). */
export function heardEpoch(pq: PqState): { readonly epoch: number; readonly key: SecretKey } {
  const { phase } = pq;
  return phase.kind === 'settling' ? { epoch: pq.epoch - 1, key: phase.previous } : pq;
}

/** The ctl entries of ours that every envelope carries until they are answered (§6). */
export function controlToSend(state: RatchetState): readonly (readonly [string, number, Bytes])[] {
  const { epoch, phase } = state.pq;
  if (phase.kind === 'offering') return [[OFFER, epoch + 1, phase.offer]];
  if (phase.kind === 'answering') return [[ANSWER, epoch + 1, phase.answer]];
  return [];
}

/**
 * Takes the offers and answers of an accepted flight. One from the wrong side, for another epoch or of a wrong size is
 * ignored, and of several offers for an epoch the first counts (§6).
 */
export function acceptControl(p: Primitives, state: RatchetState, ctl: readonly Control[], now: number): RatchetState {
  let pq = state.pq;
  for (const entry of ctl) {
    const [name, epoch, value] = entry;
    if (entry.length !== 3 || epoch !== pq.epoch + 1 || !(value instanceof Uint8Array)) continue;
    if (name === OFFER && value.length === MLKEM_EK_SIZE) pq = acceptOffer(p, pq, value);
    else if (name === ANSWER && value.length === MLKEM_CT_SIZE) pq = acceptAnswer(p, pq, { answer: value, now });
  }
  return pq === state.pq ? state : { ...state, pq };
}

function acceptOffer(p: Primitives, pq: PqState, offer: Uint8Array): PqState {
  if (pq.phase.kind !== 'settled' || offersEpoch(pq, pq.epoch + 1)) return pq;
  let encapsulated: ReturnType<Primitives['mlKemEncapsulate']>;
  try {
    encapsulated = p.mlKemEncapsulate(offer);
  } catch (error) {
    if (isProtocolError(error, 'primitive')) return pq; // no key of ML-KEM-768
    throw error;
  }
  const { ciphertext, shared } = encapsulated;
  return { ...pq, phase: { kind: 'answering', next: nextKey(p, pq, shared), answer: ciphertext } };
}

function acceptAnswer(p: Primitives, pq: PqState, options: { answer: Uint8Array; now: number }): PqState {
  if (pq.phase.kind !== 'offering') return pq;
  const shared = p.mlKemDecapsulate(pq.phase.privateKey, options.answer);
  return {
    ...pq,
    epoch: pq.epoch + 1,
    key: nextKey(p, pq, shared),
    phase: { kind: 'settling', previous: pq.key },
    flights: 0,
    since: options.now,
  };
}

/** `pqk_(e+1) = Expand(Extract(pqk_e, ss),"pq",u32(e+1))` (§6). */
function nextKey(p: Primitives, pq: PqState, shared: SecretKey): SecretKey {
  return expand(p, extract(p, pq.key, shared), LABEL_PQ, { context: u32(pq.epoch + 1) });
}

/** Odd epochs are offered by the smaller side, even ones by the other (§6). */
function offersEpoch(pq: PqState, epoch: number): boolean {
  return pq.smaller === (epoch % 2 === 1);
}

/**
 * Whether a side that only listens owes a flight of one empty `application/waxwing-step` item: after 50 flights received
 * since it last sent, or after 24 h in which it received any (§6).
 */
export function stepDue(state: RatchetState, now: number): boolean {
  return state.heard >= PQ_STEP_FLIGHTS || (state.heard > 0 && now - state.spokeAt >= PQ_STEP_TIME);
}
