// Owns how fast a search for a rate limit goes through its range, how long it takes and how much it sends at most: known before it begins.

/** Requests a second. */
export interface RampRange {
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
}

export interface RampPlan extends RampRange {
  /** The rate grows by this part of itself each second. */
  readonly growth: number;
  readonly lastsMs: number;
  readonly mostRequests: number;
}

/** At this growth a limiter that lets a burst of half a second's worth through is overshot by 17 %, and of a tenth by 8 %. */
const MOST_GROWTH = 0.03;
/** Slower tells little more, and no ramp takes longer than a minute for it. */
const LEAST_GROWTH = 0.005;
const SPARE_SECONDS = 60;

/** A narrower range is gone through more slowly: what is found is then the more exact. */
export function rampPlan({ fromPerSecond, toPerSecond }: RampRange): RampPlan {
  const ratio = Math.log(toPerSecond / fromPerSecond);
  const growth = Math.min(MOST_GROWTH, Math.max(LEAST_GROWTH, ratio / SPARE_SECONDS));
  const lastsMs = Math.ceil((ratio / growth) * 1000);
  const mostRequests = Math.ceil((toPerSecond - fromPerSecond) / growth) + 1;
  return { fromPerSecond, toPerSecond, growth, lastsMs, mostRequests };
}
