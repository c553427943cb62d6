// Owns the blocks in which the layers record is shown. No formatting.
import type { Block, Section } from '../../src/contract/section.ts';
import type { LayersEvidence } from './evidence.ts';

export function section({ byEndpoint, spans, cacheStatus }: LayersEvidence): Section {
  const zoneOf = new Map(byEndpoint.map(({ endpoint, zone }) => [endpoint, zone]));
  const chains = byEndpoint.flatMap(({ zone, endpoint, chain }) =>
    chain.map(({ name, kind, signal }, at) => [zone, endpoint, at + 1, name, kind, signal]),
  );
  const claimed: Block =
    spans.length === 0
      ? {
          kind: 'unknown',
          because: 'No layer says how long it took (no Server-Timing, no timing header of a known proxy).',
        }
      : {
          kind: 'table',
          columns: ['zone', 'layer', 'source', 'n', 'p50 ms', 'p99 ms', 'max ms'],
          rows: spans.map(({ name, source, endpoint, n, p50Ms, p99Ms, maxMs }) => [
            ...[zoneOf.get(endpoint) ?? endpoint, name, source, n, p50Ms, p99Ms, maxMs],
          ]),
        };
  return {
    title: 'Layers',
    blocks: [
      { kind: 'table', columns: ['zone', 'endpoint', 'place', 'name', 'kind', 'signal'], rows: chains },
      claimed,
      {
        kind: 'table',
        columns: ['zone', 'wait p50 ms', 'beyond the largest claim ms'],
        rows: byEndpoint.map(({ zone, endpoint, waitP50Ms, unexplainedMs }) => [
          zone ?? endpoint,
          waitP50Ms,
          unexplainedMs,
        ]),
      },
      ...(cacheStatus.length === 0
        ? []
        : [{ kind: 'facts' as const, rows: cacheStatus.map(({ header, value }) => [header, value] as const) }]),
    ],
  };
}
