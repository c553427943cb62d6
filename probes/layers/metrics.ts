// Owns the metric samples of the layers probe: none. Names of layers are chosen by the service, so their number has no bound.
import type { MetricSample } from '../../src/contract/probe.ts';

export function metrics(): readonly MetricSample[] {
  return [];
}
