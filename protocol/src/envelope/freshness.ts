/** Layer 5: a flight's place in its sender's chain (§5.4, step 4) and its age (§5.5). */
import { equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { HASH_SIZE, LIVE_MAX_AGE, LIVE_MAX_FUTURE, LIVE_TTL } from '../limits.ts';
import type { ControlEntry, Payload } from './payload.ts';

/** Flights `from`..`to`, ends included, that hold nothing which is not sent again (§5.1). */
export type VoidRange = readonly [from: number, to: number];

export interface FreshnessContext {
  /** The last flight received of this sender, over all channels; undefined before the first. */
  readonly last: { readonly seq: number; readonly hash: Uint8Array } | undefined;
  /** The first flight of a live channel may come after a gap: the channel before may have been cut. */
  readonly gapAllowed: boolean;
  /** Milliseconds, the sender's clock minus the own. */
  readonly clockOffset: number;
}

export interface Freshness {
  /** Flights missing before this one that no void covers. */
  readonly gap: number;
  readonly voids: readonly VoidRange[];
  /** One recorded as missing that came after all (§5.4): never in a live channel. */
  readonly late: boolean;
  /** Milliseconds on the agreed clock. */
  readonly age: number;
  /** The age, where it is the only fault: fatal only if the signature fails too. */
  readonly fault: ProtocolError | undefined;
}

const VOID = 'void';
const NO_HASH = new Uint8Array(HASH_SIZE);

/** @throws ProtocolError `envelope-4` for a wrong seq, prev or ttl; an age outside the window is returned as `fault` */
export function checkFreshness(context: FreshnessContext, payload: Payload, now: number): Freshness {
  const { seq, prev, sent, ttl } = payload;
  const last = context.last ?? { seq: 0, hash: NO_HASH };
  if (seq <= last.seq) throw stale('seq', `flight ${seq} is not new: the last was ${last.seq}`);
  const missing = seq - last.seq - 1;
  if (missing > 0 && !context.gapAllowed) throw stale('seq', `flight ${seq} came after ${last.seq} in one channel`);
  // Behind a gap the statement before this one is unknown, so prev cannot be checked.
  if (missing === 0 && !equalBytes(prev, last.hash)) throw stale('prev', 'the flight does not continue the chain');
  if (ttl !== LIVE_TTL) throw stale('ttl', `a live flight has a ttl of ${LIVE_TTL} s, not ${ttl}`);
  const voids = readVoids(payload.ctl);
  const gap = missing - countCovered(voids, last.seq + 1, seq - 1);
  const age = now - (sent - context.clockOffset);
  const fresh = age >= -LIVE_MAX_FUTURE && age <= LIVE_MAX_AGE;
  return {
    gap,
    voids,
    late: false,
    age,
    fault: fresh
      ? undefined
      : stale('age', `an age of ${age} ms is not between ${-LIVE_MAX_FUTURE} and ${LIVE_MAX_AGE}`),
  };
}

/** The `["void", from, to]` entries; a malformed one is ignored like an unknown name. */
export function readVoids(ctl: readonly ControlEntry[]): VoidRange[] {
  const voids: VoidRange[] = [];
  for (const entry of ctl) {
    const [name, from, to] = entry;
    if (name !== VOID || entry.length !== 3 || typeof from !== 'number' || typeof to !== 'number') continue;
    if (from >= 1 && from <= to) voids.push([from, to]);
  }
  return voids;
}

/** How many of `from`..`to` the ranges cover together; at most 16 ranges of any size, so the work is bounded. */
export function countCovered(voids: readonly VoidRange[], from: number, to: number): number {
  let covered = 0;
  let next = from;
  for (const [start, end] of [...voids].sort((a, b) => a[0] - b[0])) {
    const first = Math.max(start, next);
    const last = Math.min(end, to);
    if (first > last) continue;
    covered += last - first + 1;
    next = last + 1;
  }
  return covered;
}

/** A failure of step 4. */
export function stale(check: string, message: string): ProtocolError {
  return new ProtocolError('envelope-4', check, message);
}
