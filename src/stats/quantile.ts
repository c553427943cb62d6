// Owns quantiles of a sorted sample and their distribution-free intervals. Imports nothing.

/** Nearest rank: the smallest value with at least `q` of the sample at or below it. @throws RangeError when empty */
export function quantile(sorted: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil(q * sorted.length));
  const value = sorted[Math.min(rank, sorted.length) - 1];
  if (value === undefined) throw new RangeError('a quantile needs at least one sample');
  return value;
}

/**
 * Two-sided interval of the true quantile from order statistics, whatever the distribution (Conover, Practical
 * Nonparametric Statistics, 3.2): the number of samples below it is binomial(n, q). Null where the sample is too small for
 * either bound; p99 at 95 % takes 368 samples.
 */
export function quantileInterval(sorted: readonly number[], q: number, level = 0.95): readonly [number, number] | null {
  const tail = (1 - level) / 2;
  const below = binomialCdf(sorted.length, q);
  // 1-based ranks: P(true quantile < X(lower)) = P(K < lower) <= tail, P(true quantile >= X(upper)) = P(K >= upper) <= tail.
  let lower = 0;
  while (lower < sorted.length && (below[lower] ?? 1) <= tail) lower++;
  let upper = lower;
  while (upper <= sorted.length && 1 - (below[upper - 1] ?? 0) > tail) upper++;
  const low = sorted[lower - 1];
  const high = sorted[upper - 1];
  return low === undefined || high === undefined ? null : [low, high];
}

/** Whether so many samples have a two-sided 95 % interval of that quantile: p50 from 6 on, p90 36, p95 72, p99 368. */
export function isBounded(samples: number, q: number): boolean {
  // Both ends of the sample are outside of it: (1 - q)^n and q^n are the chances that all lie on one side.
  return samples > 0 && Math.max(q, 1 - q) ** samples <= 0.025;
}

/** P(K <= k) for k = 0..n, K binomial(n, p); in logarithms, so that n in the thousands does not underflow. */
export function binomialCdf(n: number, p: number): readonly number[] {
  const cdf: number[] = [];
  let logMass = n * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    sum += Math.exp(logMass);
    cdf.push(Math.min(1, sum));
    logMass += Math.log(n - k) - Math.log(k + 1) + Math.log(p) - Math.log1p(-p);
  }
  return cdf;
}
