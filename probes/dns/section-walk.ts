// Owns how the walk from the root is shown: one row a zone. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { endWords } from './cut.ts';
import type { DnsEvidence, ZoneEvidence } from './evidence.ts';

/** Nothing for journeys without a walk. */
export function walkBlocks({ walk, delegation }: DnsEvidence): readonly Block[] {
  if (walk === undefined) return [];
  const rows = delegation.map(row);
  const columns = ['zone', 'told by', 'NS TTL, s', 'NS', 'DS', 'answer', 'ms'];
  const table: Block = { kind: 'table', columns, rows };
  if (walk.because === null) return [table];
  const trouble = walk.problem === null ? '' : ` (${problemCatalogue[walk.problem.code].says})`;
  const where = walk.at === '.' ? 'the root' : walk.at;
  return [table, { kind: 'unknown', because: `the walk ended at ${where}: ${endWords(walk.because)}${trouble}` }];
}

function row({ zone, parent, nameservers }: ZoneEvidence): readonly Cell[] {
  const asked = nameservers.flatMap(({ byAddress }) => byAddress);
  const times = asked.flatMap(({ rttMs }) => rttMs ?? []);
  return [
    zone,
    parent?.server.name ?? null,
    parent?.ttlSeconds ?? null,
    parent?.nameservers.length ?? nameservers.length,
    parent?.dsCount ?? null,
    `${asked.filter(({ error }) => error === null).length} of ${asked.length}`,
    times.length === 0 ? null : Math.min(...times),
  ];
}
