// Owns a journey as Prometheus text, through prom-client. Knows the families by the catalogue only.

import { Histogram, Registry } from 'prom-client';
import type { MetricSample } from '../contract/probe.ts';
import type { Journey } from '../model/journey.ts';
import { shownTarget } from '../model/target.ts';
import { catalogue, type Family } from './catalogue.ts';
import { hopLabels, journeySamples } from './journey-samples.ts';
import { labelValue, labelValues } from './labels.ts';
import { record } from './record.ts';

/** Series of one family; what is beyond is counted in `journey_series_dropped`. */
const MAX_SERIES = 1000;
/** Stands last in the catalogue, when the others have been counted. */
const DROPPED = 'journey_series_dropped';
/** Seconds: a round trip within a building (0.1 ms), a zone, a region (1 ms), a continent (50 ms), the world (250 ms), to a wait for its timeout. */
export const BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/**
 * @param samples of the probes; their labels need no `target`, and no `zone` beside an `endpoint`
 * @throws Error for a family or labels that the catalogue does not know: a fault of the program
 */
export async function renderPrometheus(journey: Journey, samples: readonly MetricSample[]): Promise<string> {
  const registry = new Registry();
  const target = targetLabel(journey);
  const zones = zonesOf(journey);
  const all = [...journeySamples(journey), ...samples.map((sample) => placed(sample, zones))];
  const byFamily = Map.groupBy(all, (sample) => sample.family);
  const stranger = [...byFamily.keys()].find((name) => !catalogue.some((family) => family.name === name));
  if (stranger !== undefined) throw new Error(`the metric family ${stranger} is not in the catalogue`);
  let dropped = 0;
  for (const family of catalogue) {
    const of =
      family.name === DROPPED ? [{ family: DROPPED, labels: {}, value: dropped }] : (byFamily.get(family.name) ?? []);
    if (family.type === 'histogram') observeHops(family, registry, target, journey);
    else dropped += record(family, registry, { common: { target }, most: MAX_SERIES }, of);
  }
  return registry.metrics();
}

/** The target as it was given, so that two journeys to one host stay apart; a query may hold secrets, and is left out. */
function targetLabel({ target }: Journey): string {
  return labelValue(shownTarget(target.input));
}

export function zonesOf({ endpoints }: Pick<Journey, 'endpoints'>): ReadonlyMap<string, string> {
  return new Map<string, string>(endpoints.map(({ id, zone }) => [id, zone ?? '']));
}

/** With the zone of its endpoint. */
export function placed(sample: MetricSample, zones: ReadonlyMap<string, string>): MetricSample {
  const { endpoint } = sample.labels;
  if (endpoint === undefined) return sample;
  return { ...sample, labels: { ...sample.labels, zone: zones.get(labelValue(endpoint)) ?? '' } };
}

function observeHops(family: Family, registry: Registry, target: string, journey: Journey): void {
  const options = {
    name: family.name,
    help: family.help,
    labelNames: ['target', ...family.labels],
    registers: [registry],
  };
  const histogram = new Histogram({ ...options, buckets: BUCKETS });
  for (const hop of journey.hops) {
    const labels = { target, ...labelValues(hopLabels(hop)) };
    for (const ms of hop.latencyMs?.samples ?? []) histogram.observe(labels, ms / 1000);
  }
}
