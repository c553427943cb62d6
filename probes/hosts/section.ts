// Owns the blocks in which the hosts record is shown. No formatting.
import type { Section } from '../../src/contract/section.ts';
import type { HostsEvidence } from './evidence.ts';

const SHARING = {
  same: 'every endpoint leads to the same hosts',
  overlapping: 'some endpoints share hosts',
  separate: 'no two endpoints share hosts',
} as const;

function shared(sharing: HostsEvidence['sharing']): Section['blocks'] {
  if (sharing == null) return [];
  const { says, because } = sharing;
  if (says !== null) return [{ kind: 'facts', rows: [['sharing', SHARING[says]]] }];
  return because === undefined ? [] : [{ kind: 'unknown', because: `Whether endpoints share hosts: ${because}.` }];
}

export function section({ byEndpoint, sharing }: HostsEvidence): Section {
  const slower = byEndpoint.flatMap(({ zone, endpoint, slower: hosts = [] }) =>
    hosts.map(({ identity, shiftMs, shiftInterval: [low, high], chance }) => [
      ...[zone, endpoint, identity, shiftMs, low, high, chance],
    ]),
  );
  const rows = byEndpoint.flatMap((record) =>
    record.hosts.map((host) => [
      ...[record.zone, record.endpoint, host.identity, host.requests, host.failures],
      ...[Object.keys(host.statuses).join(', '), host.waitP50Ms],
    ]),
  );
  const untold = byEndpoint.filter(({ identifiedBy }) => identifiedBy === null).length;
  return {
    title: 'Hosts',
    blocks: [
      {
        kind: 'table',
        columns: ['zone', 'endpoint', 'told apart by', 'seen', 'estimate', 'low', 'high', 'order'],
        rows: byEndpoint.map(({ zone, endpoint, identifiedBy, seen, estimate, low, high, algorithm }) => [
          ...[zone, endpoint, identifiedBy, seen, estimate, low, high, algorithm ?? 'cannot be told'],
        ]),
      },
      { kind: 'table', columns: ['zone', 'endpoint', 'host', 'requests', 'failures', 'statuses', 'wait p50 ms'], rows },
      ...(slower.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              columns: ['zone', 'endpoint', 'slower host', 'by ms', 'low', 'high', 'chance'],
              rows: slower,
            },
          ]),
      ...shared(sharing),
      ...byEndpoint.flatMap(({ endpoint, algorithmBecause }) =>
        algorithmBecause == null
          ? []
          : [{ kind: 'unknown' as const, because: `Order behind ${endpoint}: ${algorithmBecause}.` }],
      ),
      ...(untold === 0
        ? []
        : [
            {
              kind: 'unknown' as const,
              because: `Nothing tells the hosts apart behind ${untold} of ${byEndpoint.length} endpoints.`,
            },
          ]),
    ],
  };
}
