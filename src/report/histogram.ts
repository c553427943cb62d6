// Owns the logarithmic scale that all endpoints share, and the counting of samples on it. Pure numbers, no drawing.
import type { LatencySummary } from '../model/latency.ts';

/** Milliseconds at both ends of a logarithmic axis. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Below this the axis would go to zero, where a logarithm ends. */
const FLOOR_MS = 0.001;
/** An axis spans at least this ratio, so that noise does not look like a spread. */
const LEAST_RATIO = 8;

/** The axis on which every sample of the given summaries lies; null when there are none. */
export function scaleOf(summaries: readonly LatencySummary[]): Scale | null {
  if (summaries.length === 0) return null;
  const low = Math.max(FLOOR_MS, Math.min(...summaries.map((summary) => summary.min)));
  const high = Math.max(low, ...summaries.map((summary) => summary.max));
  const stretch = Math.sqrt(Math.max(1, LEAST_RATIO / (high / low)));
  return { low: low / stretch, high: high * stretch };
}

/** Where a duration lies on the axis, 0 to 1. */
export function position(scale: Scale, ms: number): number {
  const span = Math.log(scale.high / scale.low);
  return Math.min(1, Math.max(0, Math.log(Math.max(ms, FLOOR_MS) / scale.low) / span));
}

/** How many samples fall into each of `bins` equal steps of the axis. */
export function histogram(scale: Scale, samples: readonly number[], bins: number): readonly number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (const sample of samples) {
    const bin = Math.min(bins - 1, Math.floor(position(scale, sample) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Round values on the axis: powers of ten, or 1-2-5 when there are fewer than two of them. */
export function ticksOf(scale: Scale): readonly number[] {
  const first = Math.floor(Math.log10(scale.low));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(scale.high)) - first + 1 },
    (_, index) => 10 ** (first + index),
  );
  const within = (ms: number) => ms >= scale.low && ms <= scale.high;
  const tens = decades.filter(within);
  return tens.length >= 2 ? tens : decades.flatMap((ten) => [ten, 2 * ten, 5 * ten]).filter(within);
}
