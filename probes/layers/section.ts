// Owns the blocks in which the layers record is shown. No formatting.
import type { Block, Section } from '../../src/contract/section.ts';
import type { LayersEvidence } from './evidence.ts';

type Endpoints = LayersEvidence['byEndpoint'];

function chainTable(byEndpoint: Endpoints): Block {
  return {
    kind: 'table',
    columns: ['zone', 'endpoint', 'place', 'name', 'kind', 'signal', 'confidence'],
    rows: byEndpoint.flatMap(({ zone, endpoint, chain }) =>
      chain.map(({ name, kind, signal, confidence }, at) => [
        ...[zone, endpoint, at + 1, name, kind, signal, confidence ?? null],
      ]),
    ),
  };
}

/** Parts of one wait add up to it; their medians only nearly so. */
function stackTable(byEndpoint: Endpoints): readonly Block[] {
  const rows = byEndpoint.flatMap(({ zone, endpoint, stack = [] }) =>
    stack.length < 2
      ? []
      : stack.map(({ name, signal, confidence, n, p50Ms, p50IntervalMs, p99Ms }) => [
          ...[zone ?? endpoint, name, signal, confidence, n, p50Ms, between(p50IntervalMs), p99Ms],
        ]),
  );
  if (rows.length === 0) return [];
  const columns = ['zone', 'part', 'told by', 'confidence', 'n', 'p50 ms', '95 %', 'p99 ms'];
  return [{ kind: 'table', columns, rows }];
}

function between(interval: readonly [number, number] | null): string | null {
  return interval === null ? null : `${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}`;
}

function claimsBlock({ byEndpoint, spans }: LayersEvidence): Block {
  if (spans.length === 0) {
    return {
      kind: 'unknown',
      because: 'No layer says how long it took (no Server-Timing, no timing header of a known proxy).',
    };
  }
  const zoneOf = new Map(byEndpoint.map(({ endpoint, zone }) => [endpoint, zone]));
  return {
    kind: 'table',
    columns: ['zone', 'layer', 'source', 'n', 'p50 ms', 'p99 ms', 'max ms'],
    rows: spans.map(({ name, source, endpoint, n, p50Ms, p99Ms, maxMs }) => [
      ...[zoneOf.get(endpoint) ?? endpoint, name, source, n, p50Ms, p99Ms, maxMs],
    ]),
  };
}

function waitTable(byEndpoint: Endpoints): Block {
  return {
    kind: 'table',
    columns: ['zone', 'wait p50 ms', 'beyond the largest claim ms', 'claims that do not nest', 'from a cache'],
    rows: byEndpoint.map(({ zone, endpoint, waitP50Ms, unexplainedMs, contradicted, cache }) => [
      ...[zone ?? endpoint, waitP50Ms, unexplainedMs, contradicted ?? null],
      cache == null ? null : `${cache.hits} of ${cache.hits + cache.misses}`,
    ]),
  };
}

/** Only where there is something: most journeys see none of it. */
function strainBlocks({ byEndpoint, retryHints }: LayersEvidence): readonly Block[] {
  const rows = byEndpoint.flatMap(({ zone, endpoint, timeOuts = [], breaker, afterFailure = [] }) => [
    ...timeOuts.map(({ after, answers, extraMs, waitMs, spreadMs, chance }) => [
      ...[zone ?? endpoint, after === 'failed' ? 'failed after a time-out' : 'late by a time-out', answers],
      ...[after === 'failed' ? waitMs : extraMs, spreadMs, chance],
    ]),
    ...(breaker == null
      ? []
      : [[zone ?? endpoint, 'breaker open', breaker.fast, breaker.openMs, null, breaker.chance]]),
    ...afterFailure.map(({ answers, shiftMs, chance }) => [
      ...[zone ?? endpoint, 'slow after its failure', answers, shiftMs, null, chance],
    ]),
  ]);
  const columns = ['zone', 'seen', 'answers', 'ms', 'within ms', 'chance'];
  const { unavailable = 0, withRetryAfter = 0, retryAfterSeconds } = retryHints;
  return [
    ...(rows.length === 0 ? [] : [{ kind: 'table' as const, columns, rows }]),
    ...(unavailable === 0
      ? []
      : [
          {
            kind: 'facts' as const,
            rows: [
              ['answers 503', unavailable] as const,
              ['with Retry-After', withRetryAfter] as const,
              ['longest Retry-After s', retryAfterSeconds] as const,
            ],
          },
        ]),
  ];
}

function workflowBlocks({ workflow }: LayersEvidence): readonly Block[] {
  if (workflow === null || workflow === undefined) return [];
  const { by, path, outcome, stages, endedAfterMs, polls, because } = workflow;
  const rows = [
    ['work begun by a 202, told by', by] as const,
    ['its path', path] as const,
    ['outcome', outcome] as const,
    ['ended between ms', endedAfterMs === null ? null : `${endedAfterMs[0]} and ${endedAfterMs[1]}`] as const,
    ['times asked', polls.length] as const,
    ...(because === null ? [] : [['because', because] as const]),
  ];
  const columns = ['stage', 'seen from ms', 'times seen'];
  const table: Block = { kind: 'table', columns, rows: stages.map((one) => [one.state, one.fromMs, one.polls]) };
  return [{ kind: 'facts', rows }, ...(stages.length === 0 ? [] : [table])];
}

function marksBlocks({ marks, notes = [] }: LayersEvidence): readonly Block[] {
  const ids = (marks?.ids ?? []).map(({ header, n, distinct }) => [header, 'id', n, `${distinct} different`]);
  const traces = (marks?.traces ?? []).map(({ header, n, ours }) => [header, 'trace', n, `${ours} as asked`]);
  const ways = (marks?.altSvc ?? []).map(({ protocol, authority, n }) => ['alt-svc', protocol, n, authority]);
  const said = notes.map(({ name, description, n }) => ['server-timing', name, n, description]);
  const rows = [...ids, ...traces, ...ways, ...said];
  return rows.length === 0 ? [] : [{ kind: 'table', columns: ['header', 'carries', 'answers', 'value'], rows }];
}

export function section(evidence: LayersEvidence): Section {
  const { byEndpoint, cacheStatus } = evidence;
  return {
    title: 'Layers',
    blocks: [
      chainTable(byEndpoint),
      ...stackTable(byEndpoint),
      claimsBlock(evidence),
      waitTable(byEndpoint),
      ...(cacheStatus.length === 0
        ? []
        : [{ kind: 'facts' as const, rows: cacheStatus.map(({ header, value }) => [header, value] as const) }]),
      ...strainBlocks(evidence),
      ...workflowBlocks(evidence),
      ...marksBlocks(evidence),
    ],
  };
}
