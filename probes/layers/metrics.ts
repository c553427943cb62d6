// Owns the metric samples of the layers probe. Names that the service chooses are no labels: their number has no bound.
import type { MetricSample } from '../../src/contract/probe.ts';
import type { LayersEvidence } from './evidence.ts';

const FAMILY = 'journey_layers_quantile_seconds';

/** Own part of each layer in the waits, by the header that tells it (a table of ours); p99 only where there are samples enough to bound it. */
export function metrics({ byEndpoint }: LayersEvidence): readonly MetricSample[] {
  return byEndpoint.flatMap(({ endpoint, stack = [] }) =>
    stack.flatMap(({ kind, signal, p50Ms, p99Ms }): readonly MetricSample[] => {
      const labels = { endpoint, layer: kind, signal };
      const p50 = { family: FAMILY, labels: { ...labels, percentile: '50' }, value: p50Ms / 1000 };
      if (p99Ms === null) return [p50];
      return [p50, { family: FAMILY, labels: { ...labels, percentile: '99' }, value: p99Ms / 1000 }];
    }),
  );
}
