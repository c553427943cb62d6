// Owns the metric samples of the access probe.
import type { MetricSample } from '../../src/contract/probe.ts';
import type { AccessEvidence } from './evidence.ts';

/** `journey_access_rate_limit_remaining`: requests left in the window, the lowest announced; absent when none is announced. */
export function metrics({ rateLimit }: AccessEvidence): readonly MetricSample[] {
  const remaining = rateLimit?.remaining ?? null;
  return remaining === null ? [] : [{ family: 'journey_access_rate_limit_remaining', labels: {}, value: remaining }];
}
