// Owns how the trials of the name servers are shown: one row a question, the servers that break it named. No formatting.
import type { Block, Cell } from '../../src/contract/section.ts';
import { type Row, rowNames, rowWords } from './conformance/row.ts';
import { rowsOf } from './conformance/rows.ts';
import { placedZones } from './derive.ts';
import type { DnsEvidence } from './evidence.ts';

/** Nothing for journeys that did not try. */
export function conformanceBlocks(dns: DnsEvidence): readonly Block[] {
  const servers = placedZones(dns)[0]?.servers ?? [];
  const tried = servers.flatMap(({ server }) =>
    server.conformance === undefined ? [] : [{ address: server.address, rows: rowsOf(server.conformance) }],
  );
  const rows = rowNames.flatMap((name): readonly (readonly Cell[])[] => {
    const told = tried.flatMap(({ address, rows: all }) =>
      all.filter(({ row }) => row === name).map((row) => ({ address, row })),
    );
    if (told.length === 0) return [];
    const good = told.filter(({ row }) => row.outcome !== 'breaks');
    return [[rowWords[name], `${good.length} of ${told.length}`, summary(told)]];
  });
  return rows.length === 0 ? [] : [{ kind: 'table', columns: ['name servers take', 'right', 'how'], rows }];
}

interface Told {
  readonly address: string;
  readonly row: Row;
}

/** What each group of servers says; addresses only where not all say the same. */
function summary(told: readonly Told[]): string {
  const groups = [...Map.groupBy(told, ({ row }) => row.says)];
  if (groups.length === 1) return groups[0]?.[0] ?? '';
  return groups.map(([says, servers]) => `${says} (${servers.map(({ address }) => address).join(', ')})`).join('; ');
}
