// Owns the metric samples of the path probe: three figures for each traced endpoint. Routers are no labels: nobody bounds their number.
import type { MetricSample } from '../../src/contract/probe.ts';
import { mtuOf } from './derive.ts';
import type { PathEvidence } from './evidence.ts';

/** `journey_path_reached`: 1 when a flow got there. `journey_path_routers`: how many lie between; absent when it was not reached. `journey_path_mtu_bytes`: absent where nobody says. */
export function metrics({ byEndpoint }: PathEvidence): readonly MetricSample[] {
  return byEndpoint.flatMap((path): readonly MetricSample[] => {
    const { endpoint, reached, flows } = path;
    const labels = { endpoint };
    const lengths = flows.flatMap(({ end, ttl }) => (end === 'reached' || end === 'refused' ? [ttl - 1] : []));
    const routers =
      lengths.length === 0 ? [] : [{ family: 'journey_path_routers', labels, value: Math.max(...lengths) }];
    const bytes = mtuOf(path);
    const mtu = bytes === null ? [] : [{ family: 'journey_path_mtu_bytes', labels, value: bytes }];
    return [{ family: 'journey_path_reached', labels, value: Number(reached) }, ...routers, ...mtu];
  });
}
