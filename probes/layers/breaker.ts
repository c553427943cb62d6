// Owns the trace that an open circuit breaker leaves in a ride: failures that were slow turn fast, all of them, until it closes again. Pure.
import type { RequestTrace } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import { mannWhitney } from '../../src/stats/ranks.ts';
import type { BreakerRecord } from './evidence.ts';
import { isFailure } from './time-outs.ts';

const LEAST_SLOW = 2;
const LEAST_FAST = 3;
const LEAST_EXTRA_MS = 100;
const MOST_CHANCE = 0.01;

interface Failed {
  /** Place in the ride, by start. */
  readonly at: number;
  /** Null: nothing had come when the time for the step was over. */
  readonly waitMs: number | null;
}

function failuresOf(ordered: readonly RequestTrace[]): readonly Failed[] {
  return ordered.flatMap(({ http, problem, spans: { wait } }, at): readonly Failed[] => {
    if (problem?.code === 'wait-timeout') return [{ at, waitMs: null }];
    return http !== null && isFailure(http.status) && wait !== undefined ? [{ at, waitMs: wait.durationMs }] : [];
  });
}

function split(
  failed: readonly Failed[],
): { readonly slow: readonly Failed[]; readonly fast: readonly Failed[] } | null {
  const sorted = failed.map(({ waitMs }) => waitMs ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
  // Of equal widths the first: everything that never came is behind it.
  const factor = (at: number): number => (sorted[at] ?? 0) / Math.max(1, sorted[at - 1] ?? 0);
  let from = 1;
  for (let at = 2; at < sorted.length; at++) if (factor(at) > factor(from)) from = at;
  const [fastest, slowest] = [sorted[from - 1] ?? 0, sorted[from] ?? 0];
  if (slowest < 3 * fastest || slowest - fastest < LEAST_EXTRA_MS || !Number.isFinite(fastest)) return null;
  return {
    slow: failed.filter(({ waitMs }) => waitMs === null || waitMs > fastest),
    fast: failed.filter(({ waitMs }) => waitMs !== null && waitMs <= fastest),
  };
}

/** Null where failures do not turn from slow to fast, or too few to tell that from chance. */
export function breakerOf(traces: readonly RequestTrace[]): BreakerRecord | null {
  const ordered = traces.toSorted((a, b) => a.startMs - b.startMs);
  const found = split(failuresOf(ordered));
  if (found === null || found.slow.length < LEAST_SLOW || found.fast.length < LEAST_FAST) return null;
  const { slow, fast } = found;
  const [first, last] = [fast[0]?.at ?? 0, fast.at(-1)?.at ?? 0];
  // One that fails fast among others that answer is a sick host, no breaker.
  const isRun = ordered.slice(first, last).every((trace) => !hasSucceeded(trace));
  const order = mannWhitney(
    slow.map(({ at }) => at),
    fast.map(({ at }) => at),
  );
  const before = order.u < (slow.length * fast.length) / 2;
  const chance = order.chance / 2;
  if (!isRun || !before || chance > MOST_CHANCE) return null;
  const next = ordered.slice(last + 1).find(hasSucceeded);
  const openMs = (next ?? ordered[last])?.startMs ?? 0;
  return {
    ...{ slow: slow.length, slowP50Ms: medianOf(slow), fast: fast.length, fastP50Ms: medianOf(fast) ?? 0 },
    openMs: Math.round(openMs - (ordered[first]?.startMs ?? 0)),
    ...{ recovered: next !== undefined, chance },
  };
}

function hasSucceeded({ http, problem }: RequestTrace): boolean {
  return http !== null && problem === null && !isFailure(http.status);
}

function medianOf(failed: readonly Failed[]): number | null {
  const waits = failed.flatMap(({ waitMs }) => waitMs ?? []).toSorted((a, b) => a - b);
  return waits.length === 0 ? null : Math.round(quantile(waits, 0.5) * 1000) / 1000;
}
