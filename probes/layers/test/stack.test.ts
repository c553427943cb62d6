// How each wait is divided among the layers that say their time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible } from '../../../src/model/text.ts';
import type { RequestTrace } from '../../../src/model/trace.ts';
import { endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { layersEvidence } from '../evidence.ts';
import { metrics } from '../metrics.ts';
import { divide, stackOf } from '../stack.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

function traces(scripts: readonly TraceScript[], rttMs: number | null = 2): readonly RequestTrace[] {
  return tracesOn(endpoint, scripts).map((trace) => ({ ...trace, tcp: { rttMs, retransmits: 0, mssBytes: 1460 } }));
}

function parts(script: TraceScript, rttMs: number | null = 2): readonly string[] {
  const { stack } = stackOf(traces([script], rttMs));
  return stack.map(({ name, kind, p50Ms }) => `${visible(name)} (${kind}) ${p50Ms}`);
}

const waited = (waitMs: number, ...headers: readonly (readonly [string, string])[]): TraceScript => ({
  waitMs,
  headers,
});

test.each<[string, TraceScript, readonly string[]]>([
  ['nobody says anything', waited(50), ['network (network) 2', 'not told (rest) 48']],
  [
    'Akamai: its own part and the origin apart',
    waited(160, ['Server-Timing', 'cdn-cache; desc=MISS, edge; dur=20, origin; dur=100, app;dur=90']),
    [
      'network (network) 2',
      'not told (rest) 38',
      'edge (edge) 20',
      'behind the edge (upstream) 10',
      'app (service) 90',
    ],
  ],
  [
    'CloudFront',
    waited(
      500,
      ['X-Amz-Cf-Pop', 'PHX50-C2'],
      [
        'Server-Timing',
        'cdn-upstream-connect;dur=114,cdn-upstream-fbl;dur=177,cdn-cache-miss,cdn-downstream-fbl;dur=436',
      ],
    ),
    ['network (network) 2', 'not told (rest) 62', 'Amazon CloudFront (edge) 259', 'behind CloudFront (upstream) 177'],
  ],
  [
    'Fastly before Kong before Rails',
    waited(
      110,
      ['X-Timer', 'S1763740000.123456,VS0,VE100'],
      ['X-Kong-Proxy-Latency', '5'],
      ['X-Kong-Upstream-Latency', '60'],
      ['X-Runtime', '0.055'],
    ),
    [
      'network (network) 2',
      'not told (rest) 8',
      'Fastly (edge) 35',
      'Kong (proxy) 5',
      'behind Kong (upstream) 5',
      'service (service) 55',
    ],
  ],
  [
    'Envoy that rounds up by a millisecond is no contradiction',
    waited(41, ['x-envoy-upstream-service-time', '40']),
    ['network (network) 2', 'not told (rest) 0', 'behind Envoy (upstream) 39'],
  ],
  [
    'a claim that does not fit inside is left out',
    waited(30, ['x-envoy-upstream-service-time', '20'], ['X-Response-Time', '25ms']),
    ['network (network) 2', 'not told (rest) 8', 'behind Envoy (upstream) 20'],
  ],
  [
    'out of the cache of an edge: what is behind it is of another request',
    waited(
      20,
      ['X-Served-By', 'cache-ams4133-AMS'],
      ['X-Cache', 'HIT'],
      ['X-Timer', 'S1763740000.123456,VS0,VE1'],
      ['X-Runtime', '0.012'],
    ),
    ['network (network) 2', 'not told (rest) 17', 'Fastly (edge) 1'],
  ],
])('%s', (_, script, expected) => {
  expect(parts(script)).toEqual(expected);
});

test('without a round trip by the kernel there is no network of its own', () => {
  expect(parts(waited(50, ['Server-Timing', 'app;dur=30']), null)).toEqual(['not told (rest) 20', 'app (service) 30']);
});

test('percentiles only where there are samples enough', () => {
  const one = (n: number) =>
    stackOf(traces(times(n, (at) => waited(50, ['Server-Timing', `app;dur=${at % 40}`])))).stack;
  const app = (n: number) => one(n).find(({ kind }) => kind === 'service');
  expect(app(5)).toMatchObject({ n: 5, p50Ms: 2, p50IntervalMs: null, p99Ms: null });
  expect(app(6)).toMatchObject({ n: 6, p50IntervalMs: [0, 5], p99Ms: null });
  expect(app(367)?.p99Ms).toBeNull();
  expect(app(368)).toMatchObject({ n: 368, p99Ms: 39 });
});

test('contradictions are counted', () => {
  const fits = waited(50, ['Server-Timing', 'app;dur=30']);
  const beyond = waited(10, ['Server-Timing', 'app;dur=30']);
  expect(stackOf(traces([fits, beyond, beyond]))).toMatchObject({ contradicted: 2 });
});

test('parts are never negative and make up the wait, whatever is claimed', () => {
  const claim = fc.constantFrom('app', 'db', 'edge', 'origin', 'cdn-cache', 'cdn-downstream-fbl', 'cdn-upstream-fbl');
  const entry = fc.tuple(claim, fc.integer({ min: 0, max: 300 })).map(([name, ms]) => `${name};dur=${ms}`);
  const timing = fc.array(entry, { maxLength: 8 }).map((all) => ['Server-Timing', all.join(', ')] as const);
  const header = fc.tuple(
    fc.constantFrom('x-envoy-upstream-service-time', 'x-kong-upstream-latency', 'x-kong-proxy-latency', 'age'),
    fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.string()),
  );
  const headers = fc.array(fc.oneof(timing, header), { maxLength: 8 });
  fc.assert(
    fc.property(headers, fc.integer({ min: 0, max: 200 }), fc.nat({ max: 300 }), (given, waitMs, rttMs) => {
      const [trace] = traces([waited(waitMs, ...given)], rttMs);
      const divided = trace === undefined ? null : divide(trace);
      const own = (divided?.parts ?? []).map(({ ms }) => ms);
      expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
      expect(own.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(waitMs, 6);
    }),
    { numRuns: 300 },
  );
});

test('metrics by kind and header, never by a name of the service', () => {
  const { stack, contradicted } = stackOf(traces(times(8, (at) => waited(50, ['Server-Timing', `x${at};dur=30`]))));
  const one = {
    ...{ endpoint: endpoint.id, zone: 'az1', answered: 8, chain: [], waitP50Ms: 50, unexplainedMs: 20 },
    ...{ stack, contradicted, cache: null },
  };
  const evidence = layersEvidence.parse({
    ...{ byEndpoint: [one], spans: [], proxies: [], cacheStatus: [] },
    retryHints: { counted: 0, retried: 0, attemptsMax: null, retryAfterSeconds: null },
  });
  const told = [...metrics(evidence)].map(({ labels, value }) => [labels['layer'], labels['signal'], value]);
  expect(told).toEqual([
    ['network', 'tcp round trip', 0.002],
    ['rest', 'rest', 0.018],
    ['service', 'server-timing', 0.03],
  ]);
});
