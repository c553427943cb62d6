// Owns the samples that every journey gives by itself; the probes give the rest.
import type { MetricSample } from '../contract/probe.ts';
import { type Journey, verdicts } from '../model/journey.ts';
import type { Hop } from '../model/latency.ts';
import { isBounded } from '../stats/quantile.ts';

const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

/** Gauges and counters; the histogram is made from the hops' own samples. */
export function* journeySamples(journey: Journey): Iterable<MetricSample> {
  const plain = (family: string, value: number): MetricSample => ({ family, labels: {}, value });
  yield plain('journey_verdict', verdicts.indexOf(journey.verdict));
  yield plain('journey_last_run_timestamp_seconds', Date.parse(journey.startedAt) / 1000);
  yield plain('journey_complete', journey.complete ? 1 : 0);
  yield plain('journey_duration_seconds', journey.durationMs / 1000);
  for (const [zone, endpoints] of Map.groupBy(journey.endpoints, (endpoint) => endpoint.zone ?? '')) {
    yield { family: 'journey_endpoints', labels: { zone }, value: endpoints.length };
  }
  for (const hop of journey.hops) yield* hopSamples(hop);
  for (const { id, severity, endpoint, zone } of journey.findings) {
    yield { family: 'journey_finding', labels: { id, severity, endpoint: endpoint ?? '', zone: zone ?? '' }, value: 1 };
  }
}

function* hopSamples(hop: Hop): Iterable<MetricSample> {
  const labels = hopLabels(hop);
  yield { family: 'journey_hop_attempts_total', labels, value: hop.attempts };
  for (const [reason, count] of Object.entries(hop.errors)) {
    yield { family: 'journey_hop_failures_total', labels: { ...labels, reason }, value: count };
  }
  if (hop.latencyMs === null) return;
  if (hop.uncertaintyMs !== undefined)
    yield {
      family: 'journey_hop_uncertainty_seconds',
      labels: { ...labels, clock: hop.clock },
      value: hop.uncertaintyMs / 1000,
    };
  yield { family: 'journey_hop_retransmits_total', labels, value: hop.retransmits ?? 0 };
  for (const [name, q] of QUANTILES) {
    // A percentile that the sample cannot bound is not exported as if it were known.
    if (!isBounded(hop.latencyMs.samples.length, q)) continue;
    // Not `quantile`: the text format keeps that label for summaries (promtool check metrics).
    const percentile = name.slice(1);
    yield {
      family: 'journey_hop_quantile_seconds',
      labels: { ...labels, percentile },
      value: hop.latencyMs[name] / 1000,
    };
  }
}

export function hopLabels(hop: Hop): { readonly hop: string; readonly endpoint: string; readonly zone: string } {
  return { hop: hop.id, endpoint: hop.endpoint ?? '', zone: hop.zone ?? '' };
}
