// Owns the metric samples of the probe-name probe: none. The service chooses the values of Server, so their number has no bound.
// A family must be in src/metrics/catalogue.ts: { family: 'journey_..._seconds', labels: { endpoint }, value }, in base units.
import type { MetricSample } from '../../src/contract/probe.ts';

export function metrics(): readonly MetricSample[] {
  return [];
}
