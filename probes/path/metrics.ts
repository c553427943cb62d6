// Owns the metric samples of the path probe: two figures for each traced endpoint. Routers are no labels: nobody bounds their number.
import type { MetricSample } from '../../src/contract/probe.ts';
import type { PathEvidence } from './evidence.ts';

/** `journey_path_reached`: 1 when a flow got there. `journey_path_routers`: how many lie between; absent when it was not reached. */
export function metrics({ byEndpoint }: PathEvidence): readonly MetricSample[] {
  return byEndpoint.flatMap(({ endpoint, reached, flows }): readonly MetricSample[] => {
    const labels = { endpoint };
    const lengths = flows.flatMap(({ end, ttl }) => (end === 'reached' || end === 'refused' ? [ttl - 1] : []));
    const routers =
      lengths.length === 0 ? [] : [{ family: 'journey_path_routers', labels, value: Math.max(...lengths) }];
    return [{ family: 'journey_path_reached', labels, value: Number(reached) }, ...routers];
  });
}
