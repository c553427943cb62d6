// Owns the blocks in which the access record is shown. No formatting.
import type { Block, Cell, Section } from '../../src/contract/section.ts';
import type { AccessEvidence, FoundLimit, Manners, Preflight, Refusal } from './evidence.ts';

export function section(evidence: AccessEvidence): Section {
  const { anonymousStatus, byEndpoint, manners, preflight } = evidence;
  return {
    title: 'Access',
    blocks: [
      { kind: 'table', columns: ['status', 'answers'], rows: Object.entries(anonymousStatus) },
      challengesBlock(evidence),
      limitsBlock(evidence),
      ...searchBlocks(evidence),
      ...dependencyBlocks(evidence),
      ...(preflight === undefined ? [] : preflightBlocks(preflight)),
      ...(manners === undefined ? [] : [mannersBlock(manners, evidence)]),
      {
        kind: 'table',
        columns: ['zone', 'endpoint', 'answered', 'throttled', 'strict transport'],
        rows: byEndpoint.map(({ zone, endpoint, answered, throttled, strictTransport }) => [
          ...[zone, endpoint, answered, throttled, strictTransport],
        ]),
      },
    ],
  };
}

function challengesBlock({ challenges }: AccessEvidence): Block {
  if (challenges.length === 0) return { kind: 'unknown', because: 'No answer asked for credentials.' };
  const rows = challenges.map(({ scheme, realm, n }) => [scheme, realm, n]);
  return { kind: 'table', columns: ['scheme', 'realm', 'answers'], rows };
}

function limitsBlock({ rateLimit, rateLimits = [] }: AccessEvidence): Block {
  if (rateLimits.length > 1) {
    const rows = rateLimits.map(({ name, limit, windowSeconds, remaining, resetSeconds }) => [
      ...[name, limit, windowSeconds, remaining, resetSeconds],
    ]);
    return { kind: 'table', columns: ['limit', 'size', 'window s', 'lowest remaining', 'renewed after s'], rows };
  }
  if (rateLimit === null) return { kind: 'unknown', because: 'No rate limit is announced in headers.' };
  const { limit, windowSeconds = null, remaining, resetSeconds, policy } = rateLimit;
  return {
    kind: 'facts',
    rows: [
      ['rate limit', limit],
      ...(windowSeconds === null ? [] : [['window s', windowSeconds] as const]),
      ['lowest remaining', remaining],
      ['renewed after s', resetSeconds],
      ['policy', policy],
    ],
  };
}

function searchBlocks({ foundLimit, foundOpen }: AccessEvidence): readonly Block[] {
  const rate: readonly Block[] = foundLimit === undefined ? [] : [limitBlock(foundLimit)];
  if (foundOpen === undefined) return rate;
  const { most, held, end, refusal } = foundOpen;
  const rows = [['asked for', most] as const, ['open at once', held] as const, ['ended by', end] as const];
  return [...rate, { kind: 'facts', rows: [...rows, ...refusalRows(refusal)] }];
}

function limitBlock({ fromPerSecond, toPerSecond, sent, elapsedMs, end, found, refusal }: FoundLimit): Block {
  return {
    kind: 'facts',
    rows: [
      ['looked for a limit', `${fromPerSecond} to ${toPerSecond} requests a second`],
      ['sent', `${sent} in ${Math.round(elapsedMs / 1000)} s`],
      ['ended by', end],
      ...(found === null
        ? []
        : ([
            ['limit a second', `${found.perSecond} (${found.low} to ${found.high})`],
            ['requests in the last 1, 10, 60 s', `${found.lastSecond}, ${found.lastTenSeconds}, ${found.lastMinute}`],
            ['others under way', found.waiting],
          ] as const)),
      ...refusalRows(refusal),
    ],
  };
}

function refusalRows(refusal: Refusal | null): readonly (readonly [string, Cell])[] {
  if (refusal === null) return [];
  const { status, retryAfterSeconds, contentType, server, text } = refusal;
  return [
    ...[['refused with', status] as const, ['Retry-After s', retryAfterSeconds] as const],
    ...[['Content-Type', contentType] as const, ['Server', server] as const, ['page begins', text] as const],
  ];
}

function dependencyBlocks({ dependencies = [], health }: AccessEvidence): readonly Block[] {
  const tree: readonly Block[] =
    dependencies.length === 0
      ? []
      : [
          {
            kind: 'table',
            columns: ['depends on', 'state', 'answered', 'p50 ms', 'at'],
            rows: dependencies.map(({ name, depth, state, asked, answered, totalP50Ms, url }) => [
              `${'   '.repeat(Math.max(0, depth - 1))}└─ ${name}`,
              ...[state, `${answered} of ${asked}`, totalP50Ms, url],
            ]),
          },
        ];
  if (health === undefined) return tree;
  const { path, status, problem, format, state } = health;
  const said: Block =
    format === null
      ? {
          kind: 'unknown',
          because: `No health endpoint could be read (last asked: ${path}, ${status ?? problem ?? 'no answer'}).`,
        }
      : {
          kind: 'facts',
          rows: [
            ['health', state],
            ['told by', `${path} (${format}, ${status ?? ''})`],
          ],
        };
  const rows = health.dependencies.map(({ name, state: own, says }) => [name, own, says]);
  const parts: readonly Block[] =
    rows.length === 0 ? [] : [{ kind: 'table', columns: ['part', 'state', 'says'], rows }];
  return [...tree, said, ...parts];
}

const ORIGINS = {
  none: 'none',
  any: 'any (*)',
  reflected: 'any: a made-up one came back',
  null: 'the origin "null"',
  others: 'others than the one asked for',
} as const satisfies Record<Preflight['origins'], string>;

function preflightBlocks({ status, problem, origins, credentials, allow, allowMethods }: Preflight): readonly Block[] {
  const asked: Block = {
    kind: 'facts',
    rows: [
      ['OPTIONS', status ?? problem],
      ['origins allowed (CORS)', ORIGINS[origins]],
      ['with credentials', credentials],
    ],
  };
  const rows = [...(allow ?? []).map((each) => [each, 'Allow']), ...allowMethods.map((each) => [each, 'CORS'])];
  return rows.length === 0 ? [asked] : [asked, { kind: 'table', columns: ['method allowed', 'by'], rows }];
}

function mannersBlock({ answers, html, htmlWithPolicy, noSniff, versions }: Manners, evidence: AccessEvidence): Block {
  const { clientCertificateRequested: wanted, trace } = evidence;
  return {
    kind: 'facts',
    rows: [
      ['client certificate asked for', wanted],
      ['answers with nosniff', `${noSniff} of ${answers}`],
      ...(html === 0 ? [] : [['web pages with a content policy', `${htmlWithPolicy} of ${html}`] as const]),
      ...versions.map(({ field, value }) => [`told by ${field}`, value] as const),
      ...(trace === undefined ? [] : [['TRACE', trace.echoed ? 'sends the request back' : trace.status] as const]),
    ],
  };
}
