// Owns what a process tells of itself: processor, memory, descriptors, event loop, garbage collection; by prom-client's names.
import { collectDefaultMetrics, Registry } from 'prom-client';
import { labelPairs, line, type Told } from './exposition.ts';

interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly value: number;
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
  }[];
}

const TYPES = ['gauge', 'counter', 'histogram', 'summary'] as const;

/** Begins to collect; each call gives what is so then. */
export function collectProcessMetrics(): () => Promise<readonly Told[]> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return async () => {
    const all = (await registry.getMetricsAsJSON()) as unknown as readonly Collected[];
    return all.filter(isWellNamed).map((one) => ({
      family: { name: one.name, help: one.help, type: TYPES.find((type) => type === one.type) ?? 'gauge' },
      pieces: one.values.map(({ metricName, labels, value }) =>
        line(metricName ?? one.name, labelPairs(textsOf(labels)), value),
      ),
    }));
  };
}

/** Gauges called `_total` are given again under other names, by kind (promtool check metrics). */
function isWellNamed({ name, type }: Collected): boolean {
  return type === 'counter' || !name.endsWith('_total');
}

function textsOf(labels: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
