// Owns the blocks in which the probe-name record is shown. No formatting: each report renders blocks its own way.
import type { Block, Section } from '../../src/contract/section.ts';
import type { ProbeNameEvidence } from './evidence.ts';

export function section({ byEndpoint }: ProbeNameEvidence): Section {
  const rows = byEndpoint.flatMap(({ zone, endpoint, servers }) =>
    servers.map(({ value, n }) => [zone, endpoint, value, n]),
  );
  const block: Block =
    rows.length === 0
      ? { kind: 'unknown', because: 'No answer names its server.' }
      : { kind: 'table', columns: ['zone', 'endpoint', 'server', 'answers'], rows };
  return { title: 'Servers', blocks: [block] };
}
