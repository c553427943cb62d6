// Owns the blocks in which the balancer record is shown. No formatting.
import type { Section } from '../../src/contract/section.ts';
import type { BalancerEvidence, EndpointRecord } from './evidence.ts';

const counts = (record: Readonly<Record<string, number>>): string =>
  Object.entries(record)
    .map(([name, n]) => `${name} x${n}`)
    .join(', ');

/** Those that were cut have a column of their own: they are no failures. */
function failuresOf({ failures }: EndpointRecord): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(failures).filter(([code]) => code !== 'cancelled'));
}

export function section(evidence: BalancerEvidence): Section {
  const { byEndpoint, signals, layer, scope, product } = evidence;
  return {
    title: 'Balancer',
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['layer', layer ?? 'cannot be told'],
          ['scope', scope ?? 'cannot be told'],
          ['product', product ?? 'cannot be told'],
        ],
      },
      {
        kind: 'table',
        columns: [
          'zone',
          'endpoint',
          'answered',
          'of',
          'statuses',
          'failures',
          'cut',
          'server',
          'wait p50 ms',
          'total p50 ms',
        ],
        rows: byEndpoint.map((record) => [
          record.zone,
          record.endpoint,
          ...[
            record.ok,
            record.attempts,
            counts(record.statuses),
            counts(failuresOf(record)),
            record.cut ?? 0,
            record.server,
          ],
          ...[record.waitP50Ms, record.totalP50Ms],
        ]),
      },
      signals.length === 0
        ? { kind: 'unknown', because: 'No header, cookie, name or certificate gave a balancer away.' }
        : {
            kind: 'table',
            columns: ['signal', 'says', 'layer', 'product', 'weight', 'endpoints'],
            rows: signals.map(({ signal, says, layer: of, product: name, weight, endpoints }) => [
              ...[signal, says, of, name, weight, endpoints.length],
            ]),
          },
    ],
  };
}
