/** Ranges of seqs, ends included, ascending and not touching: what receipts, voids and re-requests are made of (§9.6). */
import type { SeqRange } from '../store/message.ts';

/** All of them in order, those that touch joined. */
export function joinRanges(ranges: readonly SeqRange[]): readonly SeqRange[] {
  const joined: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before !== undefined && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** What of the first is in none of the second. */
export function withoutRanges(ranges: readonly SeqRange[], taken: readonly SeqRange[]): readonly SeqRange[] {
  const holes = joinRanges(taken);
  return ranges.flatMap(([from, to]) => {
    const parts: SeqRange[] = [];
    let start = from;
    for (const [first, last] of holes) {
      if (last < start || first > to) continue;
      if (first > start) parts.push([start, first - 1]);
      start = last + 1;
    }
    if (start <= to) parts.push([start, to]);
    return parts;
  });
}

/** What is in both. */
export function commonRanges(ranges: readonly SeqRange[], others: readonly SeqRange[]): readonly SeqRange[] {
  return withoutRanges(ranges, withoutRanges(ranges, others));
}

/** How many seqs they hold. */
export function countSeqs(ranges: readonly SeqRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
