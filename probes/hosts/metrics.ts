// Owns the metric samples of the hosts probe.
import type { MetricSample } from '../../src/contract/probe.ts';
import type { HostsEvidence } from './evidence.ts';

/** `journey_hosts_estimate`: hosts behind an endpoint as estimated; absent when they cannot be told apart. */
export function metrics({ byEndpoint }: HostsEvidence): readonly MetricSample[] {
  return byEndpoint.flatMap(({ endpoint, estimate }) =>
    estimate === null ? [] : [{ family: 'journey_hosts_estimate', labels: { endpoint }, value: estimate }],
  );
}
