// Owns the metric samples of the balancer probe: two for each endpoint at most. Failures and latencies are families of every journey already.
import type { MetricSample } from '../../src/contract/probe.ts';
import type { BalancerEvidence } from './evidence.ts';

/** Absent where nothing is known: no DNS answer leads there, or no connection came about. */
export function metrics({ byEndpoint }: BalancerEvidence): readonly MetricSample[] {
  return byEndpoint.flatMap(({ endpoint, share, tcp }): readonly MetricSample[] => {
    const labels = { endpoint };
    const callers = share == null ? [] : [{ family: 'journey_balancer_callers_share', labels, value: share.share }];
    const made = tcp !== undefined && tcp.connected > 0;
    return [
      ...callers,
      ...(made ? [{ family: 'journey_balancer_resent_connections', labels, value: tcp.resent }] : []),
    ];
  });
}
