// Owns the metric samples of the balancer probe: none. Endpoints, failures and latencies are families of every journey already.
import type { MetricSample } from '../../src/contract/probe.ts';

export function metrics(): readonly MetricSample[] {
  return [];
}
