/** An opened envelope as its reader gets it. */
import type { Bytes } from '../bytes.ts';
import type { Opened } from '../envelope/open.ts';
import type { OpenedFlight } from './flight.ts';

/** The flight; without items and ctl where it was too old (§5.4). */
export function openedFlight(opened: Opened): OpenedFlight {
  const { payload, freshness, statement, hash, commitments, proof } = opened;
  const accepted = freshness.fault === undefined;
  return {
    outcome: accepted ? 'accepted' : 'too-old',
    seq: payload.seq,
    items: accepted ? payload.items.map((item, index) => ({ ...item, id: commitments[index] as Bytes })) : [],
    gap: freshness.gap,
    voids: freshness.voids,
    ctl: accepted ? payload.ctl : [],
    age: freshness.age,
    sent: payload.sent,
    ttl: payload.ttl,
    prev: payload.prev,
    statement,
    statementHash: hash,
    signature: payload.signature,
    commitments,
    proof,
  };
}
