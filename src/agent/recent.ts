// Owns what is remembered of past journeys of a target: enough for a line on the status page and a way to the whole.
import type { Journey, Verdict } from '../model/journey.ts';

export interface Recent {
  readonly id: string;
  /** RFC 3339 */
  readonly startedAt: string;
  readonly verdict: Verdict;
  readonly durationMs: number;
  /** Median of the slowest endpoint's samples from connect to last byte; null where none finished. */
  readonly slowestMs: number | null;
  /** The first thing found. */
  readonly what: string | null;
}

const MOST_FAILURES = 10;

/** @returns the journey as it is remembered, and the failures with it, within their bound */
export function remembered(
  { failures }: { readonly failures: readonly Recent[] },
  journey: Journey,
): { readonly latest: Recent; readonly failures: readonly Recent[] } {
  const medians = journey.hops.flatMap(({ id, latencyMs }) =>
    id === 'total' && latencyMs !== null ? [latencyMs.p50] : [],
  );
  const latest: Recent = {
    ...{ id: journey.id, startedAt: journey.startedAt, verdict: journey.verdict, durationMs: journey.durationMs },
    slowestMs: medians.length === 0 ? null : Math.max(...medians),
    what: journey.findings.find(({ severity }) => severity !== 'notice')?.what ?? null,
  };
  return { latest, failures: latest.verdict === 'ok' ? failures : [...failures.slice(1 - MOST_FAILURES), latest] };
}
