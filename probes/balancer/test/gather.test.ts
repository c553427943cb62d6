import { describe, expect, test } from 'vitest';
import { problem } from '../../../src/model/problem.ts';
import type { DnsName } from '../../../src/model/text.ts';
import type { Lookup } from '../../../src/model/trace.ts';
import { contextOf, endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { options } from '../defaults.ts';
import { wilson } from '../derive.ts';
import { type BalancerEvidence, balancerEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { section } from '../section.ts';

type Zones = readonly (string | null)[];

async function gathered(
  scripts: readonly TraceScript[],
  zones: Zones = [null],
  alias?: string,
): Promise<BalancerEvidence> {
  const endpoints = endpointsOf(...zones);
  const traces = endpoints.flatMap((endpoint) => tracesOn(endpoint, scripts));
  const lookup = alias === undefined ? null : ({ canonicalName: alias as DnsName } as Lookup);
  const attempt = await gather(contextOf(options, endpoints, traces, { lookup }));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  balancerEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return attempt.value;
}

const by = (...headers: readonly (readonly [string, string])[]) => times(6, () => ({ headers }));

describe('the layer', () => {
  test.each<[string, readonly TraceScript[], Partial<BalancerEvidence>]>([
    ['is 7 by Via, weakly', by(['Via', '1.1 lb']), { layer: 7, layerConfidence: 'weak', product: null }],
    [
      'is 7 by what only a product sends',
      by(['Server', 'awselb/2.0']),
      { layer: 7, layerConfidence: 'strong', product: 'AWS ALB' },
    ],
    ['is 7 by a cookie', by(['Set-Cookie', 'AWSALB=x; Path=/']), { layer: 7, product: 'AWS ALB', scope: 'regional' }],
    [
      'is 7 at a global edge',
      by(['CF-RAY', '8f0a1b2c3d4e5f60-FRA']),
      { layer: 7, product: 'Cloudflare', scope: 'global' },
    ],
    [
      'is 4 when certificates take turns',
      times(8, (at) => ({ leaf: `leaf-${at % 2}` })),
      { layer: 4, layerConfidence: 'weak' },
    ],
    [
      'is unknown when a certificate was renewed',
      times(8, (at) => ({ leaf: at < 4 ? 'old' : 'new' })),
      { layer: null },
    ],
    ['is unknown by lower case alone', by(['server', 'nginx']), { layer: null, layerConfidence: null }],
    [
      'is unknown by a cookie of the application',
      by(['Set-Cookie', 'session=AWSALB=']),
      { layer: null, product: null },
    ],
    [
      'is unknown without an answer',
      times(4, () => ({ problem: problem('reset', 'connect') })),
      { layer: null, signals: [] },
    ],
  ])('%s', async (_, scripts, expected) => {
    expect(await gathered(scripts)).toMatchObject(expected);
  });

  test('HTTP/2 names are lower case by rule and no signal', async () => {
    expect((await gathered(times(6, () => ({ version: '2', headers: [['server', 'x']] })))).signals).toEqual([]);
  });
});

test.each<[Zones, string | undefined, BalancerEvidence['scope']]>([
  [['az1', 'az2'], undefined, 'zonal'],
  [['az1'], undefined, null],
  [['az1', null], undefined, null],
  [[null], 'lb-1234567890.eu-west-1.elb.amazonaws.com', 'regional'],
  [[null], 'lb-1234567890.eu-west-1.elb.amazonaws.com.example', null],
])('zones %j with alias %j have the scope %j', async (zones, alias, scope) => {
  expect(
    (
      await gathered(
        times(2, () => ({})),
        zones,
        alias,
      )
    ).scope,
  ).toBe(scope);
});

test('an endpoint is described by its finished answers, its problems and its certificates', async () => {
  const scripts: readonly TraceScript[] = [
    ...times(3, (at) => ({
      headers: [
        ['Server', 'lb'],
        ['Date', 'now'],
      ] as const,
      body: `b${at}`,
      waitMs: 10 + at,
    })),
    { status: 503, headers: [['date', 'now']], waitMs: 1 },
    {
      status: 503,
      headers: [
        ['Date', 'now'],
        ['Retry-After', '5'],
      ],
      waitMs: 1,
    },
    { problem: problem('reset', 'wait') },
    { problem: problem('reset', 'tls') },
    { problem: problem('tls-timeout', 'tls') },
  ];
  const [record] = (await gathered(scripts)).byEndpoint;
  expect(record).toMatchObject({
    ...{ attempts: 8, ok: 5, failures: { reset: 2, 'tls-timeout': 1 }, statuses: { 200: 3, 503: 2 } },
    ...{
      server: 'lb',
      waitP50Ms: 10,
      totalP50Ms: 13,
      certificates: [{ fingerprint: 'leaf', n: 8 }],
      certificateSwitches: 0,
    },
    answers: [
      { status: 200, n: 3, headerNames: ['Server', 'Date'], headerVariants: 1 },
      { status: 503, n: 2, headerVariants: 2, bodies: [{ sha256: 'sha-ok', n: 2 }] },
    ],
  });
  expect(record?.answers[0]?.bodies).toHaveLength(3);
});

test.each<[string, readonly TraceScript[], Partial<BalancerEvidence['byEndpoint'][number]>]>([
  ['none', times(2, () => ({})), { attempts: 2, ok: 2, cut: 0, cutAfterMs: null }],
  [
    'some, with the longest wait',
    [{}, ...[900, 2_400, 100].map((cutAfterMs) => ({ problem: problem('cancelled', 'wait'), cutAfterMs }))],
    { attempts: 4, ok: 1, cut: 3, cutAfterMs: 2_400, failures: { cancelled: 3 } },
  ],
])('requests that were cut: %s', async (_, scripts, expected) => {
  const { byEndpoint } = await gathered(scripts);
  expect(byEndpoint).toMatchObject([expected]);
  const table = section(await gathered(scripts)).blocks.find(({ kind }) => kind === 'table');
  if (table?.kind !== 'table') throw new Error('no table');
  const cell = (title: string) => table.rows[0]?.[table.columns.indexOf(title)];
  expect([cell('failures'), cell('cut')]).toEqual(['', expected.cut]);
});

// Values as in Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
test.each<[number, number, number, number]>([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('%i of %i is between %f and %f', (hits, n, low, high) => {
  const interval = wilson(hits, n);
  expect(interval[0]).toBeCloseTo(low, 4);
  expect(interval[1]).toBeCloseTo(high, 4);
});

test.each<[readonly TraceScript[], BalancerEvidence['byEndpoint'][number]['persistence'] | object]>([
  [by(['Connection', 'keep-alive'], ['Keep-Alive', 'timeout=5']), { answers: 6, closing: 0, keepAlive: 'timeout=5' }],
  [by(['connection', 'x, Close']), { answers: 6, closing: 6, keepAlive: null }],
  [
    times(6, (at) => ({ headers: at < 2 ? [['Connection', 'close']] : [] })),
    { answers: 6, closing: 2, keepAlive: null },
  ],
  [times(6, () => ({ version: '2', headers: [['keep-alive', 'x']] })), null],
])('whether connections are kept: %#', async (scripts, expected) => {
  const value = await gathered(scripts);
  expect(value.byEndpoint[0]?.persistence).toEqual(expected);
  expect(JSON.stringify(section(value).blocks).includes('that close the connection')).toBe(expected !== null);
});
