/** What a benchmark gives: figures, targets with whether they are met, and what was left out and why. */
import type { Chart } from './chart.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** One measured thing. `unit` is what one sample counts: ms, µs, messages/s, MB, bytes … */
export interface Figure extends Spread {
  readonly name: string;
  readonly unit: string;
}

/** A figure that was to be reached: `value` and `limit` are in `unit`, mostly a ratio to a comparator. */
export interface Target {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly bound: 'at most' | 'at least';
  readonly met: boolean;
}

export interface ClaimResult {
  readonly figures: readonly Figure[];
  readonly targets: readonly Target[];
  /** Sentences: what could not be measured here. */
  readonly skipped: readonly string[];
  readonly charts: readonly Chart[];
  /** Versions of what was held against it, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Claim {
  /** The name to type after `npm run bench --`. */
  readonly name: string;
  /** A sentence for the head of its table. */
  readonly title: string;
  run(options: RunOptions): Promise<ClaimResult>;
}

export interface RunOptions {
  /** The comparators' packages are installed. */
  readonly comparators: boolean;
  /** A word about what is being measured now, for whoever waits. */
  readonly tell: (what: string) => void;
}

export function figure(name: string, unit: string, samples: readonly number[]): Figure {
  return { name, unit, ...spreadOf(samples) };
}

export function atMost(name: string, value: number, limit: number, unit = '×'): Target {
  return { name, value, limit, unit, bound: 'at most', met: value <= limit };
}

export function atLeast(name: string, value: number, limit: number, unit = '×'): Target {
  return { name, value, limit, unit, bound: 'at least', met: value >= limit };
}
