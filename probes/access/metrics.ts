// Owns the metric samples of the access probe.
import type { MetricSample } from '../../src/contract/probe.ts';
import type { AccessEvidence } from './evidence.ts';

/** Figures of the announced limit that strikes first are absent when none is announced. */
export function metrics(evidence: AccessEvidence): readonly MetricSample[] {
  const { rateLimit, throttled, anonymousStatus, foundLimit, foundOpen, dependencies = [] } = evidence;
  const answered = Object.values(anonymousStatus).reduce((sum, n) => sum + n, 0);
  const figures = [
    ['journey_access_rate_limit', rateLimit?.limit ?? null],
    ['journey_access_rate_limit_remaining', rateLimit?.remaining ?? null],
    ['journey_access_found_limit_per_second', foundLimit?.found?.perSecond ?? null],
    ['journey_access_found_open_requests', foundOpen?.end === 'throttled' ? foundOpen.held : null],
    ['journey_access_throttled_answers', answered === 0 ? null : throttled],
  ] as const;
  const up = dependencies
    .filter(({ state }) => state !== 'cycle' && state !== 'unknown')
    .map(({ name, state }) => ({
      family: 'journey_access_dependency_up',
      labels: { dependency: name },
      value: state === 'down' ? 0 : 1,
    }));
  return [...figures.flatMap(([family, value]) => (value === null ? [] : [{ family, labels: {}, value }])), ...up];
}
