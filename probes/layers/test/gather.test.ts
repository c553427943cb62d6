import { describe, expect, test } from 'vitest';
import { serverTiming } from '../../../src/model/server-timing.ts';
import { wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { options } from '../defaults.ts';
import { type LayersEvidence, layersEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

async function gathered(scripts: readonly TraceScript[]): Promise<LayersEvidence> {
  const attempt = await gather(contextOf(options, [endpoint], tracesOn(endpoint, scripts)));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  layersEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return attempt.value;
}

describe('Server-Timing', () => {
  test.each<[string, readonly (readonly [string, number])[]]>([
    [
      'app;dur=3.5, db;dur=1',
      [
        ['app', 3.5],
        ['db', 1],
      ],
    ],
    ['cache;desc="Cache; Read, hot";dur=23.2', [['cache', 23.2]]],
    ['app;DUR="12"', [['app', 12]]],
    ['miss, total;dur=', []],
    ['app;dur=-5, db;dur=1e3, x;dur=NaN, y;dur=86400001', []],
    ['a;dur=1,'.repeat(400), times(64, () => ({})).map(() => ['a', 1] as const)],
  ])('%j', (value, expected) => {
    const read = serverTiming([[wireText('Server-Timing'), wireText(value)]]);
    expect(read.map(({ name, ms }) => [name, ms])).toEqual(expected);
  });
});

test('claims of all answers become spans, those of trailers may cover the body', async () => {
  const { spans, byEndpoint } = await gathered(
    times(5, (at) => ({
      waitMs: 50,
      headers: [
        ['Server-Timing', `app;dur=${40 + at}`],
        ['X-Runtime', '0.045'],
        ['x-envoy-upstream-service-time', '49'],
      ],
      trailers: [['Server-Timing', 'body;dur=50.5']],
    })),
  );
  expect(spans).toMatchObject([
    { name: 'app', source: 'server-timing', n: 5, p50Ms: 42, p99Ms: null, maxMs: 44, beyondWait: 0 },
    { name: 'body', source: 'server-timing', n: 5, p50Ms: 50.5, beyondWait: 0 },
    { name: 'x-envoy-upstream-service-time', source: 'header', p50Ms: 49 },
    { name: 'x-runtime', source: 'header', p50Ms: 45 },
  ]);
  expect(byEndpoint[0]).toMatchObject({ waitP50Ms: 50, unexplainedMs: 1 });
});

test('a claim beyond the wait is counted, and leaves nothing unexplained', async () => {
  const { spans, byEndpoint } = await gathered(
    times(4, () => ({ waitMs: 10, headers: [['server-timing', 'app;dur=90']] })),
  );
  expect(spans[0]).toMatchObject({ beyondWait: 4, beyondWaitMaxMs: 80 });
  expect(byEndpoint[0]?.unexplainedMs).toBe(0);
});

test('the chain runs from the client inwards', async () => {
  const headers = [
    ['Via', '1.1 inner (Varnish/7.1, x), HTTP/2 outer'],
    ['CF-Ray', '8f0a1b2c3d4e5f60-FRA'],
    ['Server', 'app'],
    ['Cache-Status', 'outer; hit'],
    ['Via', 'nonsense'],
  ] as const;
  const { byEndpoint, proxies, cacheStatus } = await gathered(times(3, () => ({ headers })));
  expect(byEndpoint[0]?.chain).toEqual([
    { name: 'Cloudflare', kind: 'edge', signal: 'cf-ray', confidence: 'high' },
    { name: 'outer', kind: 'proxy', signal: 'via', confidence: 'high' },
    { name: 'inner', kind: 'proxy', signal: 'via', confidence: 'high' },
    { name: 'app', kind: 'unknown', signal: 'server', confidence: 'low' },
  ]);
  expect(proxies).toEqual([
    { protocol: '1.1', receivedBy: 'inner', comment: 'Varnish/7.1, x', n: 3 },
    { protocol: 'HTTP/2', receivedBy: 'outer', comment: null, n: 3 },
  ]);
  expect(cacheStatus).toEqual([{ header: 'cache-status', value: 'outer; hit', n: 3 }]);
});

test('retries, what they cost, and the delay that a 503 asks for', async () => {
  const { retryHints } = await gathered([
    { waitMs: 5, headers: [['x-envoy-attempt-count', '1']] },
    { waitMs: 65, headers: [['x-envoy-attempt-count', '3']] },
    { headers: [['x-envoy-attempt-count', 'many']] },
    { status: 503, headers: [['Retry-After', '30']] },
    { status: 503, headers: [['Retry-After', 'Fri, 31 Dec 1999 23:59:59 GMT']] },
    { status: 503 },
    { status: 200, headers: [['Retry-After', '99']] },
  ]);
  expect(retryHints).toEqual({
    ...{ counted: 2, retried: 1, attemptsMax: 3, retryAfterSeconds: 30, unavailable: 3, withRetryAfter: 2 },
    ...{ onceP50Ms: 5, retriedP50Ms: 65 },
  });
});

test('ids, the trace that was asked for, and other ways to the service', async () => {
  const traceId = '691f0a1b2c3d4e5f60718293a4b5c6d7';
  const scripts = times(3, (at) => ({
    headers: [
      ['X-Request-Id', `r-${at}`],
      ['CF-Ray', '8f0a1b2c3d4e5f60-FRA'],
      ['traceresponse', `00-${traceId}-00f067aa0ba902b7-01`],
      [
        'X-Amzn-Trace-Id',
        `Root=1-${at === 0 ? '691f0a1b-2c3d4e5f60718293a4b5c6d7' : '5759e988-bd862e3fe1be46a994272793'}`,
      ],
      ['Alt-Svc', 'h3=":443"; ma=86400, h3-29="alt.example:443"'],
      ['Server-Timing', 'miss, cache;desc="cold start"'],
    ] as const,
  }));
  const traces = tracesOn(endpoint, scripts).map((trace) => ({ ...trace, traceId }));
  const attempt = await gather(contextOf(options, [endpoint], traces));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  expect(attempt.value.marks).toEqual({
    ids: [
      { header: 'x-request-id', n: 3, distinct: 3 },
      { header: 'cf-ray', n: 3, distinct: 1 },
    ],
    traces: [
      { header: 'traceresponse', n: 3, ours: 3 },
      { header: 'x-amzn-trace-id', n: 3, ours: 1 },
    ],
    altSvc: [
      { protocol: 'h3', authority: ':443', maxAgeSeconds: 86_400, n: 3 },
      { protocol: 'h3-29', authority: 'alt.example:443', maxAgeSeconds: null, n: 3 },
    ],
  });
  expect(attempt.value.notes).toEqual([
    { name: 'miss', description: null, n: 3 },
    { name: 'cache', description: 'cold start', n: 3 },
  ]);
});
