/** What came of one sender's chain of flights, and what is missing (§5.4 step 4, for mailboxes): a value. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { HASH_SIZE, MAX_GAPS, MAX_GOT_RANGES } from '../limits.ts';
import { countCovered, type Freshness, readVoids, stale, type VoidRange } from './freshness.ts';
import type { Payload } from './payload.ts';

/** Flights `from`..`to`, ends included, that have not come, with what their neighbours say of them. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** H of the statement of `from` − 1, 32: the prev of `from`. */
  readonly before: Bytes;
  /** The prev of `to` + 1, 32: H of the statement of `to`. */
  readonly after: Bytes;
}

export interface ReceivedChain {
  /** The highest flight that came, and H of its statement; 0 and zeros before the first. */
  readonly last: { readonly seq: number; readonly hash: Bytes };
  /** Ascending. */
  readonly gaps: readonly Gap[];
  /** Parts of the gaps that hold nothing which is not sent again (§5.1): ascending, not touching. */
  readonly voids: readonly VoidRange[];
}

/** Before the first flight. */
export function newReceivedChain(): ReceivedChain {
  return { last: { seq: 0, hash: new Uint8Array(HASH_SIZE) }, gaps: [], voids: [] };
}

/**
 * The place of a flight in the chain. Age is told and never a fault (§5.5). `hash` gives H of its statement.
 * @throws ProtocolError `envelope-4`, check `seq` for one that came before or can never come, `prev` for one that does not
 *   agree with its neighbours
 */
export function checkPlace(
  chain: ReceivedChain,
  payload: Payload,
  judged: { readonly now: number; readonly hash: () => Bytes },
): Freshness {
  const { seq, prev, sent } = payload;
  const { last } = chain;
  const voids = readVoids(payload.ctl);
  const told = { voids, age: judged.now - sent, fault: undefined };
  const missing = seq - last.seq - 1;
  if (missing < 0) {
    checkMissing(chain, payload, judged.hash);
    return { ...told, gap: 0, late: true };
  }
  if (missing === 0 && !equalBytes(prev, last.hash)) throw stale('prev', 'the flight does not continue the chain');
  if (missing > 0) withRoom(chain);
  return { ...told, gap: missing - countCovered(voids, last.seq + 1, seq - 1), late: false };
}

/**
 * Whether a flight is one that is missing, and agrees with its neighbours; `hash` gives H of its statement.
 * @throws ProtocolError `envelope-4`, check `seq` or `prev`
 */
export function checkMissing(
  chain: ReceivedChain,
  { seq, prev }: Pick<Payload, 'seq' | 'prev'>,
  hash: () => Bytes,
): void {
  const gap = chain.gaps.find(({ from, to }) => seq >= from && seq <= to);
  if (gap === undefined) throw stale('seq', `flight ${seq} is not new, and none that is missing`);
  if (seq > gap.from && seq < gap.to) withRoom(chain, gap);
  if (seq === gap.from && !equalBytes(prev, gap.before))
    throw stale('prev', 'the flight does not follow the one before');
  if (seq === gap.to && !equalBytes(hash(), gap.after))
    throw stale('prev', 'the flight is not the one that followed on');
}

/**
 * The place of the first flight that comes of a member of a room (§10.4): it begins the chain. `missing` of those before it
 * are known to be of a time since one's own joining; of the others nothing is told, but they are taken if they come.
 * @throws ProtocolError `envelope-4`, check `seq` or `prev`, for one that cannot be
 */
export function checkFirst(
  payload: Payload,
  { now, missing }: { readonly now: number; readonly missing: number },
): Freshness {
  const { seq, prev, sent } = payload;
  if (seq < 1) throw stale('seq', 'flights begin at 1');
  if (seq === 1 && !equalBytes(prev, newReceivedChain().last.hash)) {
    throw stale('prev', 'the first flight of a chain has none before it');
  }
  const voids = readVoids(payload.ctl);
  const gap = seq - 1 - countCovered([...voids, ...untold(seq, missing)], 1, seq - 1);
  return { voids, age: now - sent, fault: undefined, gap, late: false };
}

/** The chain that such a flight begins. */
export function beginChain(
  flight: { readonly seq: number; readonly prev: Bytes; readonly hash: Bytes; readonly voids: readonly VoidRange[] },
  missing: number,
): ReceivedChain {
  const voids = [...flight.voids, ...untold(flight.seq, missing)];
  return advanceChain(newReceivedChain(), { ...flight, voids });
}

/** Of the flights before `seq` those that may be of a time before one's joining. */
function untold(seq: number, missing: number): readonly VoidRange[] {
  return seq - 1 > missing ? [[1, seq - 1 - missing]] : [];
}

/**
 * The chain once a flight is accepted whose place was checked, here or in a live channel.
 * @throws ProtocolError `envelope-4`, check `seq`, where a live one leaves a gap and there is no room for it
 */
export function advanceChain(
  chain: ReceivedChain,
  flight: { readonly seq: number; readonly prev: Bytes; readonly hash: Bytes; readonly voids: readonly VoidRange[] },
): ReceivedChain {
  const { seq, hash } = flight;
  const { last } = chain;
  const ahead = seq > last.seq;
  const gaps = ahead ? gapsAhead(chain, flight) : roomFor(chain, seq).flatMap((gap) => without(gap, flight));
  return {
    last: ahead ? { seq, hash } : last,
    gaps,
    voids: withinGaps(merge([...chain.voids, ...flight.voids]), gaps).slice(0, MAX_GAPS),
  };
}

/** With one more where flights were left out before this one. */
function gapsAhead(chain: ReceivedChain, { seq, prev }: { readonly seq: number; readonly prev: Bytes }): Gap[] {
  const { last } = chain;
  if (seq === last.seq + 1) return [...chain.gaps];
  return [...withRoom(chain), { from: last.seq + 1, to: seq - 1, before: last.hash, after: prev }];
}

/** The gaps before a late flight is taken out of one: where that makes two of it, with room for another one. */
function roomFor(chain: ReceivedChain, seq: number): readonly Gap[] {
  const split = chain.gaps.find(({ from, to }) => seq > from && seq < to);
  return split === undefined ? chain.gaps : withRoom(chain, split);
}

/** What is left of a gap when one of its flights has come. */
function without(gap: Gap, flight: { readonly seq: number; readonly prev: Bytes; readonly hash: Bytes }): Gap[] {
  const { seq, prev, hash } = flight;
  if (seq < gap.from || seq > gap.to) return [gap];
  const left = seq > gap.from ? [{ ...gap, to: seq - 1, after: prev }] : [];
  const right = seq < gap.to ? [{ ...gap, from: seq + 1, before: hash }] : [];
  return [...left, ...right];
}

/**
 * The gaps with room for another one. Of too many the oldest that is void whole is given up, and nothing else ever is: what
 * is missing must not be told as delivered.
 * @throws ProtocolError `envelope-4`, check `seq`, where there is no room
 */
function withRoom({ gaps, voids }: ReceivedChain, kept?: Gap): readonly Gap[] {
  if (gaps.length < MAX_GAPS) return gaps;
  const given = gaps.find((gap) => gap !== kept && voids.some(([start, end]) => start <= gap.from && end >= gap.to));
  if (given === undefined) throw stale('seq', 'too many flights are missing already');
  return gaps.filter((gap) => gap !== given);
}

function merge(ranges: readonly VoidRange[]): VoidRange[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before !== undefined && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The parts of the ranges that lie in a gap; both are ascending. */
function withinGaps(ranges: readonly VoidRange[], gaps: readonly Gap[]): VoidRange[] {
  const parts: VoidRange[] = [];
  let at = 0;
  for (const { from, to } of gaps) {
    for (let i = at; i < ranges.length; i++) {
      const [start, end] = ranges[i] as VoidRange;
      if (end < from) at = i + 1;
      else if (start > to) break;
      else parts.push([Math.max(start, from), Math.min(end, to)]);
    }
  }
  return parts;
}

/** What `["got", last, ranges]` says of a chain (§9.6): all up to `last` came, but for `ranges`. */
export interface Got {
  readonly last: number;
  /** Ascending, not touching, 64 at most. */
  readonly ranges: readonly VoidRange[];
}

/** The flights that are missing and not void. With more than 64 ranges, `last` stands before the 65th. */
export function gotOf(chain: ReceivedChain): Got {
  const missing = chain.gaps.flatMap(({ from, to }) => {
    const parts: VoidRange[] = [];
    let next = from;
    for (const [start, end] of chain.voids) {
      if (end < next || start > to) continue;
      if (start > next) parts.push([next, start - 1]);
      next = end + 1;
    }
    if (next <= to) parts.push([next, to]);
    return parts;
  });
  const beyond = missing[MAX_GOT_RANGES];
  return { last: beyond === undefined ? chain.last.seq : beyond[0] - 1, ranges: missing.slice(0, MAX_GOT_RANGES) };
}
