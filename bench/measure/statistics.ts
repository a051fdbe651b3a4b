/** Medians, spreads and paired ratios of measured samples. */

/** One figure of many samples: its median, and the 5th and 95th percentile as its spread. */
export interface Spread {
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
  readonly p99: number;
  readonly samples: number;
}

/** The value below which `share` (0..1) of the sorted samples lie. */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    p5: quantile(sorted, 0.05),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    samples: sorted.length,
  };
}

export function medianOf(samples: readonly number[]): number {
  return spreadOf(samples).median;
}

/**
 * How many times `other` a contestant took: the median of the ratios round by round, so that a noisy second, which slows
 * both, changes nothing.
 */
export function pairedRatio(own: readonly number[], other: readonly number[]): number {
  return medianOf(own.flatMap((value, round) => (other[round] === undefined ? [] : [value / other[round]])));
}

export interface Line {
  readonly slope: number;
  readonly base: number;
  /** 1 where every point lies on the line. */
  readonly r2: number;
}

/** The straight line of least squares through points. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  const slope = xy / xx;
  return { slope, base: meanY - slope * meanX, r2: yy === 0 ? 1 : xy ** 2 / (xx * yy) };
}
