/** Turns what the SDK knows of a message into what a proof line or report prints. */
import type { PeerView, ReceivedMessage, RelayMessage, StoredProof } from '@waxwing/client';
import type { CheckResult } from '@waxwing/protocol';
import type { CheckView, ChecksView, KeyState, ProofView } from '../text/proof-view.ts';

/** A peer's name for the screen: the user's own one, or the claimed one marked by `~`; else none. */
export function nameOf(peer: {
  readonly petname?: string | undefined;
  readonly nick?: string | undefined;
}): string | undefined {
  return peer.petname ?? (peer.nick === undefined || peer.nick === '' ? undefined : `~${peer.nick}`);
}

export function keyStateOf(peer: Pick<PeerView, 'trust'>): KeyState {
  return peer.trust === 'verified' ? 'verified' : 'first-seen';
}

/** The checks of an envelope, or of a quote: fewer of them. */
interface Proved {
  readonly proof: readonly CheckResult[];
}

/** The proof of a message that has just arrived. */
export function proofOfReceived(message: Pick<ReceivedMessage, 'number' | 'age' | 'gap'> & Proved): ProofView {
  return {
    number: message.number,
    protocol: 'waxwing',
    direction: 'received',
    checks: checksOf(message.proof),
    ...(isQuote(message.proof) ? { quoted: true } : {}),
    age: message.age,
    gap: message.gap,
  };
}

/** Older than a live message may be (§5.5): it can only have waited at a relay. */
const LIVE = 60_000;

/** The proof of a message that came through a relay: what waited there is told as late, and never as too old. */
export function proofOfRelayed(message: RelayMessage): ProofView {
  const { waited, late, remark } = message;
  const arrived = { late: 'arrived late', quoted: 'arrived late (quoted)' };
  const remarks = [...(late === false ? [] : [arrived[late]]), ...(remark === undefined ? [] : [remark])];
  const proof = proofOfReceived(message);
  return {
    ...proof,
    ...(waited < LIVE ? {} : { late: true, age: waited }),
    ...(remarks.length === 0 ? {} : { remarks }),
  };
}

/** The proof of a stored message, with everything `/proof N` shows. `since`: when the peer's key was first seen. */
export function proofOfStored(stored: StoredProof, peer: PeerView | undefined, since: number | undefined): ProofView {
  const { message, flight } = stored;
  const proof = flight?.proof === undefined ? undefined : (JSON.parse(flight.proof) as Proved['proof']);
  const name = peer === undefined ? undefined : nameOf(peer);
  const ttl = proof && resultOf(proof, 'freshness')?.ttl;
  const place = flight === undefined ? -1 : placeOf(flight.commitments, message.id);
  return {
    number: message.number,
    protocol: 'waxwing',
    direction: message.direction === 'in' ? 'received' : 'sent',
    ...(proof !== undefined && isQuote(proof) ? { quoted: true, remarks: ['arrived late (quoted)'] } : {}),
    checks: proof === undefined ? sentChecks(flight !== undefined) : checksOf(proof),
    age: flight?.age ?? 0,
    ...(message.direction === 'in' && (flight?.age ?? 0) > LIVE ? { late: true } : {}),
    ...(peer === undefined
      ? {}
      : {
          peer: {
            fingerprint: peer.fingerprint,
            keyState: keyStateOf(peer),
            ...(name === undefined ? {} : { name }),
            ...(since === undefined ? {} : { keySince: since }),
          },
        }),
    ...(flight === undefined ? {} : { sent: flight.sent, seq: flight.seq, gap: flight.gap }),
    ...(message.receivedAt === undefined ? {} : { received: message.receivedAt }),
    ...(place === -1 || flight === undefined
      ? {}
      : { items: { count: flight.commitments.length / 32, place: place + 1 } }),
    ...(ttl === undefined ? {} : { ttl }),
    sizes: { body: message.body.length, ...sizesOf(proof) },
    id: message.id,
    record: 'on',
    ...(message.direction === 'out' && message.state !== 'shown' ? { delivery: message.state } : {}),
  };
}

function sizesOf(proof: Proved['proof'] = []): ProofView['sizes'] {
  const envelope = resultOf(proof, 'structure')?.size;
  const wrap = resultOf(proof, 'unwrap')?.wrapped;
  const ciphertext = resultOf(proof, 'decrypt')?.ciphertext;
  const signed = resultOf(proof, 'signature');
  return {
    ...(envelope === undefined ? {} : { envelope }),
    ...(wrap === undefined ? {} : { wrap }),
    ...(ciphertext === undefined ? {} : { ciphertext }),
    ...(signed === undefined ? {} : { statement: signed.statement, signature: signed.signature }),
  };
}

function resultOf<Check extends CheckResult['check']>(
  proof: Proved['proof'],
  check: Check,
): Extract<CheckResult, { readonly check: Check }> | undefined {
  return proof.find((one): one is Extract<CheckResult, { readonly check: Check }> => one.check === check);
}

/** A flight given again has no envelope of its own (§9.6). */
function isQuote(proof: Proved['proof']): boolean {
  return resultOf(proof, 'structure') === undefined;
}

function placeOf(commitments: Uint8Array, id: Uint8Array): number {
  for (let place = 0; place * 32 < commitments.length; place++) {
    if (Buffer.compare(commitments.subarray(place * 32, place * 32 + 32), id) === 0) return place;
  }
  return -1;
}

/** The five checks of an opened flight: whatever is kept and shown has passed them; only an age may be at fault. */
function checksOf(proof: Proved['proof']): ChecksView {
  const held = (check: CheckResult['check']): CheckView => {
    const result = resultOf(proof, check);
    if (result === undefined) return { result: 'not-run' };
    return result.took === undefined ? { result: 'held' } : { result: 'held', micros: result.took * 1_000 };
  };
  const isFresh = resultOf(proof, 'freshness')?.holds !== false;
  return {
    hmac: held('hmac'),
    unwrap: held('unwrap'),
    decrypt: held('decrypt'),
    freshness: isFresh ? held('freshness') : { result: 'failed', detail: 'outside the time window' },
    signature: held('signature'),
  };
}

/** Of what we sent we know that we made every layer; the checks themselves run at the peer. */
function sentChecks(sealed: boolean): ChecksView {
  const check: CheckView = sealed ? { result: 'held' } : { result: 'not-run' };
  return { hmac: check, unwrap: check, decrypt: check, freshness: check, signature: check };
}
