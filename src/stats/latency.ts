// Owns the summary of a sample of durations. Exact over what was measured; says where it cannot know. Imports nothing outside.
import { quantile, quantileInterval } from './quantile.ts';

/** Same shape as `LatencySummary` of the model; the unit is that of the samples. */
export interface Summary {
  readonly min: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1); null with fewer than two samples. */
  readonly stddev: number | null;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** 95 % interval of the true p99; null where the sample cannot bound it. */
  readonly p99Interval: readonly [number, number] | null;
  readonly samples: readonly number[];
}

/** @param samples in the order taken, at least one; @throws RangeError when empty */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('a summary needs at least one sample');
  const sorted = samples.toSorted((a, b) => a - b);
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  return {
    min: quantile(sorted, 0),
    mean,
    stddev: standardDeviation(samples, mean),
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
    p99Interval: quantileInterval(sorted, 0.99),
    samples,
  };
}

function standardDeviation(samples: readonly number[], mean: number): number | null {
  if (samples.length < 2) return null;
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (samples.length - 1));
}
