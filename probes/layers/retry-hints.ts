// Owns what answers say themselves of retries: attempt counts of proxies, and when to come back after a 503. Pure.
import { decimal, fieldValue } from '../../src/model/fields.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import type { LayersEvidence } from './evidence.ts';

interface Answered {
  readonly http: HttpFacts;
  readonly waitMs: number | null;
}

export function retryHintsOf(answers: readonly Answered[]): LayersEvidence['retryHints'] {
  const counted = answers.flatMap(({ http, waitMs }) => {
    const attempts = decimal(fieldValue(http.headers, 'x-envoy-attempt-count'));
    return attempts === null || !Number.isInteger(attempts) ? [] : [{ attempts, waitMs }];
  });
  const unavailable = answers.filter(({ http }) => http.status === 503);
  const asked = unavailable.flatMap(({ http }) => fieldValue(http.headers, 'retry-after') ?? []);
  const delays = asked.flatMap((value) => decimal(value) ?? []).filter((each) => Number.isInteger(each));
  return {
    counted: counted.length,
    retried: counted.filter(({ attempts }) => attempts > 1).length,
    attemptsMax: counted.length === 0 ? null : largest(counted.map(({ attempts }) => attempts)),
    retryAfterSeconds: delays.length === 0 ? null : largest(delays),
    unavailable: unavailable.length,
    withRetryAfter: asked.length,
    onceP50Ms: median(counted.flatMap(({ attempts, waitMs }) => (attempts <= 1 ? (waitMs ?? []) : []))),
    retriedP50Ms: median(counted.flatMap(({ attempts, waitMs }) => (attempts > 1 ? (waitMs ?? []) : []))),
  };
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function median(waits: readonly number[]): number | null {
  return waits.length === 0
    ? null
    : quantile(
        waits.toSorted((a, b) => a - b),
        0.5,
      );
}
