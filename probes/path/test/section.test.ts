import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type PathEvidence, pathEvidence } from '../evidence.ts';
import { section } from '../section.ts';

const recorded = JSON.parse(readFileSync(new URL('./cases/healthy.json', import.meta.url), 'utf8')) as {
  evidence: unknown;
};

function record(change: (path: PathEvidence['byEndpoint'][number]) => void = () => undefined): PathEvidence {
  const evidence = structuredClone(pathEvidence.parse(recorded.evidence));
  for (const path of evidence.byEndpoint) change(path);
  return evidence;
}

function rowsOf(evidence: PathEvidence, kind: 'facts' | 'table'): readonly unknown[] {
  const block = section(evidence).blocks.find((one) => one.kind === kind);
  return block === undefined || block.kind === 'unknown' ? [] : block.rows;
}

test('each router has a line, each further address one of its own, and a percentile only where enough answers came', () => {
  const evidence = record(({ routers }) => {
    routers[1]?.addresses.push('10.0.2.1' as never);
    if (routers[2] !== undefined) Object.assign(routers[2], { addresses: [], received: 0, latencyMs: null });
  });
  expect(rowsOf(evidence, 'table')).toEqual([
    [1, '10.0.0.1', null, 6, 0, 0.5, 0.5, null],
    [2, '10.0.1.1', null, 6, 0, 4, 4, null],
    [null, '10.0.2.1', null, null, null, null, null, null],
    [3, '*', null, 6, 6, null, null, null],
    [4, '192.0.2.1', null, 2, 0, 9, null, null],
  ]);
});

test('a maximum segment size that changes on the way is told where it does', () => {
  const evidence = record(({ routers }) => {
    if (routers[1] !== undefined) routers[1].quotedMssBytes = null;
    if (routers[2] !== undefined) routers[2].quotedMssBytes = 1380;
    if (routers[3] !== undefined) routers[3].quotedMssBytes = null;
  });
  expect(rowsOf(evidence, 'facts')).toContainEqual(['MSS changed before TTL 3', '1460 to 1380 bytes']);
  expect(JSON.stringify(rowsOf(record(), 'facts'))).not.toContain('MSS');
});

test('what was not traced is told with the reason', () => {
  const evidence = {
    ...record(),
    endpointsLeftOut: 2,
    untraced: [{ endpoint: '192.0.2.2:443' as never, because: 'no way' }],
  };
  expect(section(evidence).blocks.slice(2)).toEqual([
    { kind: 'unknown', because: '192.0.2.2:443: no way.' },
    { kind: 'unknown', because: '2 more endpoints were not traced: one of each zone is.' },
  ]);
});
