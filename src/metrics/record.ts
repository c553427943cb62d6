// Owns putting samples of one family into a registry: labels checked against the catalogue, a bounded number of series.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetricSample } from '../contract/probe.ts';
import type { Family } from './catalogue.ts';
import { labelValues } from './labels.ts';

export interface Recording {
  /** Labels that every sample gets beside its own. */
  readonly common: Readonly<Record<string, string>>;
  /** Series that are kept. */
  readonly most: number;
}

/** @returns how many series were dropped @throws Error for labels that the catalogue does not know: a fault of the program */
export function record(
  family: Family,
  registry: Registry,
  { common, most }: Recording,
  samples: readonly MetricSample[],
): number {
  const kept = samples.filter(({ value }) => Number.isFinite(value)).slice(0, most);
  if (kept.length === 0) return samples.length;
  const options = {
    name: family.name,
    help: family.help,
    labelNames: [...Object.keys(common), ...family.labels],
    registers: [registry],
  };
  if (family.type === 'counter') {
    const counter = new Counter(options);
    for (const { labels, value } of kept) counter.inc({ ...common, ...checked(family, labels) }, value);
  } else {
    const gauge = new Gauge(options);
    for (const { labels, value } of kept) gauge.set({ ...common, ...checked(family, labels) }, value);
  }
  return samples.length - kept.length;
}

function checked(family: Family, labels: MetricSample['labels']): Record<string, string> {
  const names = Object.keys(labels);
  if (names.length !== family.labels.length || names.some((name) => !family.labels.includes(name))) {
    throw new Error(`labels of ${family.name} are ${family.labels.join(', ')}, not ${names.join(', ')}`);
  }
  return labelValues(labels);
}
