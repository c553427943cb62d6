// Owns the summary of many samples of one phase.
import type { ProblemCode } from './problem.ts';
import type { EndpointId } from './text.ts';
import type { Clock, HopId } from './trace.ts';

/** All in milliseconds. Percentiles are nearest-rank over the samples; `stddev` is the sample standard deviation. */
export interface LatencySummary {
  readonly min: number;
  readonly mean: number;
  /** Null with fewer than two samples. */
  readonly stddev: number | null;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Distribution-free 95 % interval of the true p99 from order statistics; null when the sample is too small to bound it. */
  readonly p99Interval: readonly [number, number] | null;
  /** In the order taken. */
  readonly samples: readonly number[];
}

export interface Hop {
  readonly id: HopId;
  /** Null for `resolve`, which is not tied to an endpoint. */
  readonly endpoint: EndpointId | null;
  readonly zone: string | null;
  /** How many samples began this phase. */
  readonly attempts: number;
  /** Of `total` and `resolve`: how many never began, because as many as may be were under way when they were due. Absent when none. */
  readonly skipped?: number;
  /** Of the same: the longest that a start came behind its due time, ms. Absent when each came before the next one was due. */
  readonly startedLateMs?: number;
  /** How many of them ended in it with a problem; `cancelled` are those that were under way when the ride was stopped. */
  readonly failures: number;
  readonly errors: Readonly<Partial<Record<ProblemCode, number>>>;
  /** Of the cancelled: the longest time from the start of the sample to the stop, ms. Absent when none was. */
  readonly cutAfterMs?: number;
  readonly clock: Clock;
  /** No sample of it is further from the truth than this, ms. Absent where nobody can say that of each. */
  readonly uncertaintyMs?: number;
  /** Segments of ours that the kernel sent again in its samples, SYNs included. Absent when none was, or nobody counted. */
  readonly retransmits?: number;
  /** Null when no sample finished the phase. */
  readonly latencyMs: LatencySummary | null;
}
