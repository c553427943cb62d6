// Owns how the walk from the root is shown: one row a zone. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { endWords } from './cut.ts';
import type { DnsEvidence, WalkEvidence, ZoneEvidence } from './evidence.ts';

/** Nothing for journeys without a walk. */
export function walkBlocks({ walk, aliasWalks = [], delegation, aliasZones }: DnsEvidence): readonly Block[] {
  if (walk === undefined) return [];
  const others = aliasWalks.flatMap((one) => [...one.above, ...aliasZones.filter(({ zone }) => zone === one.zone)]);
  const columns = ['zone', 'told by', 'NS TTL, s', 'NS', 'DS', 'answer', 'ms'];
  const table: Block = { kind: 'table', columns, rows: [...delegation, ...others].map(row) };
  const found: Block = { kind: 'facts', rows: [['zone found by', 'the walk: the resolver could not tell it']] };
  return [
    table,
    ...(walk.found === undefined || walk.because !== null ? [] : [found]),
    ...ended(walk, 'the walk'),
    ...aliasWalks.flatMap((one) => ended(one, `the walk to ${one.zone}`)),
  ];
}

function ended({ because, problem, at }: WalkEvidence, what: string): readonly Block[] {
  if (because === null) return [];
  const trouble = problem === null ? '' : ` (${problemCatalogue[problem.code].says})`;
  const where = at === '.' ? 'the root' : at;
  return [{ kind: 'unknown', because: `${what} ended at ${where}: ${endWords(because)}${trouble}` }];
}

function row({ zone, parent, servedAbove, nameservers }: ZoneEvidence): readonly Cell[] {
  const asked = nameservers.flatMap(({ byAddress }) => byAddress);
  const times = asked.flatMap(({ rttMs }) => rttMs ?? []);
  return [
    zone,
    parent?.server.name ?? (servedAbove === undefined ? null : 'nobody: served above'),
    parent?.ttlSeconds ?? null,
    parent?.nameservers.length ?? nameservers.length,
    parent?.dsCount ?? null,
    `${asked.filter(({ error }) => error === null).length} of ${asked.length}`,
    times.length === 0 ? null : Math.min(...times),
  ];
}
