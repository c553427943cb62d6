import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GatherContext } from '../../../src/contract/probe.ts';
import { AddressTable } from '../../../src/model/address-ranges.ts';
import type { Observation } from '../../../src/model/journey.ts';
import { problem } from '../../../src/model/problem.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import { dnsName, type IpAddress, wireText } from '../../../src/model/text.ts';
import type { Lookup, RequestTrace } from '../../../src/model/trace.ts';
import { contextOf, endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import type { HostsEvidence } from '../../hosts/evidence.ts';
import { tcpOf } from '../connections.ts';
import { options } from '../defaults.ts';
import { errorPages } from '../error-pages.ts';
import { type BalancerEvidence, balancerEvidence } from '../evidence.ts';
import { fingerprints } from '../fingerprints.ts';
import { gather } from '../gather.ts';
import { judgement } from '../judgement.ts';
import { metrics } from '../metrics.ts';
import { section } from '../section.ts';

type More = Partial<GatherContext<typeof options>>;

async function gathered(traces: readonly RequestTrace[], more: More = {}, endpoints = endpointsOf(null)) {
  const attempt = await gather(contextOf(options, endpoints, traces, more));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  balancerEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return attempt.value;
}

const [first] = endpointsOf(null) as [Endpoint];
const answers = (scripts: readonly TraceScript[]): readonly RequestTrace[] => tracesOn(first, scripts);

describe('a product is named by what it sends', () => {
  const cookie = (line: string): readonly [string, string] => ['Set-Cookie', `${line}; Path=/`];
  test.each<[readonly [string, string], string | null, Partial<BalancerEvidence>]>([
    [cookie('AWSELB=ABC'), 'AWS Classic Load Balancer', { scope: 'regional' }],
    [cookie('AWSALBAPP-0=_remove_'), 'AWS ALB', { scope: 'regional' }],
    [cookie('GCLB=CL2'), 'Google Cloud Load Balancing', { scope: null }],
    [cookie('ApplicationGatewayAffinityCORS=a'), 'Azure Application Gateway', {}],
    [cookie('ARRAffinity=a'), 'Azure App Service', {}],
    [cookie('BIGipServerpool=1.2.0'), 'F5 BIG-IP', {}],
    [cookie('NSC_x=1'), 'Citrix NetScaler', {}],
    [cookie('SERVERID=s1'), null, { layer: 7, layerConfidence: 'weak' }],
    [['X-Amz-Cf-Id', 'x=='], 'Amazon CloudFront', { scope: 'global', shields: ['Amazon CloudFront'] }],
    [['X-Cache', 'Error from cloudfront'], 'Amazon CloudFront', {}],
    [['Via', '1.1 abc.cloudfront.net (CloudFront)'], 'Amazon CloudFront', {}],
    [['x-azure-ref', '0zx'], 'Azure Front Door', { shields: ['Azure Front Door'] }],
    [['server', 'cloudflare'], 'Cloudflare', {}],
    [['server', 'istio-envoy'], 'Envoy', { shields: [] }],
    [['apigw-requestid', 'WSg1'], 'AWS API Gateway', {}],
    [['X-Amzn-Trace-Id', 'Root=1-5759e988-bd862e3fe1be46a994272793'], null, { layer: null }],
    [['X-Cache', 'HIT'], null, { layer: null }],
    [['server', 'nginx'], null, { layer: null }],
  ])('%j: %s', async (header, product, expected) => {
    const headers = [['Date', 'now'], header] as const;
    expect(await gathered(answers(times(6, () => ({ headers }))))).toMatchObject({ product, ...expected });
  });

  test.each<[number, string, string | null]>([
    [503, '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n', 'HAProxy'],
    [502, '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<hr><center>nginx/1.22.1</center>', 'nginx'],
    [404, '<html>\r\n<head><title>404 Not Found</title></head>\r\n<hr><center>nginx/1.22.1</center>', null],
    [503, 'upstream connect error or disconnect/reset before headers. reset reason: overflow', 'Envoy'],
    [503, 'The word was: no healthy upstream', null],
    [200, '<html><body><h1>503</h1>\nNo server is available to handle this request.\n', null],
  ])('its own page with %i: %s', async (status, body, product) => {
    expect((await gathered(answers(times(3, () => ({ status, body }))))).product).toBe(product);
  });

  test('a shield stands in front of what is behind it, and its challenges are counted', async () => {
    const wall: TraceScript = { status: 403, headers: [['cf-mitigated', 'challenge']] };
    const seen = await gathered(
      answers([
        wall,
        wall,
        {
          headers: [
            ['Set-Cookie', 'AWSALB=x'],
            ['server', 'cloudflare'],
          ],
        },
      ]),
    );
    expect(seen).toMatchObject({
      product: 'Cloudflare',
      scope: 'global',
      challenges: 2,
      stickiness: { cookies: ['AWSALB'] },
    });
    const { summary } = judgement.answer(seen, {} as never);
    expect(summary[0]).toContain('shielded by Cloudflare (2 answers by itself');
  });

  test('every row says where its meaning is written down', () => {
    for (const { source, says } of [...fingerprints, ...errorPages]) {
      expect(source).toMatch(/^https:|^RFC |^measured |no vendor page/);
      expect(says).not.toBe('');
    }
  });
});

describe('the name', () => {
  test.each<[readonly string[], Partial<BalancerEvidence>]>([
    [
      ['kms.example', 'net-0123456789abcdef.elb.eu-west-1.amazonaws.com'],
      { layer: 4, scope: 'regional', product: 'AWS NLB' },
    ],
    [['eu-west-1a.net-0123456789abcdef.elb.eu-west-1.amazonaws.com'], { layer: 4, scope: 'zonal', product: 'AWS NLB' }],
    [['lb-1234567890.eu-west-1.elb.amazonaws.com'], { layer: null, product: 'AWS Elastic Load Balancing' }],
    [['a0123456789abcdef.awsglobalaccelerator.com'], { layer: 4, scope: 'global', shields: [] }],
    [['d111111abcdef8.cloudfront.net'], { layer: 7, scope: 'global', shields: ['AWS CloudFront'] }],
    [['ec2-192-0-2-1.eu-west-1.compute.amazonaws.com'], { layer: null, scope: null, product: null }],
    [['kms.example'], { layer: null, signals: [] }],
  ])('%j', async (names, expected) => {
    const canonicalName = dnsName(names.at(-1) ?? '');
    const aliases = names
      .slice(0, -1)
      .map((name, at) => ({ name: dnsName(name), target: dnsName(names[at + 1] ?? '') }));
    const lookup = { canonicalName, aliases } as unknown as Lookup;
    expect(await gathered(answers([{}]), { lookup })).toMatchObject(expected);
  });

  test('of a Network Load Balancer outweighs the proxy behind it', async () => {
    const lookup = { canonicalName: dnsName('n-0123456789abcdef.elb.eu-west-1.amazonaws.com'), aliases: [] };
    const traces = answers(
      times(6, () => ({
        headers: [
          ['server', 'envoy'],
          ['x-envoy-upstream-service-time', '3'],
        ],
      })),
    );
    const seen = await gathered(traces, { lookup: lookup as unknown as Lookup });
    expect(seen).toMatchObject({ layer: 4, layerConfidence: 'weak', product: 'AWS NLB' });
  });
});

test.each<[string, string | null, string | null, Partial<BalancerEvidence>]>([
  ['AWS', 'CLOUDFRONT', 'global', { layer: 7, product: 'Amazon CloudFront', scope: 'global' }],
  ['AWS', 'GLOBALACCELERATOR', 'global', { layer: 4, product: 'AWS Global Accelerator', shields: [] }],
  ['AWS', 'EC2', 'eu-west-1', { layer: null, product: null, scope: null }],
  ['Google', 'Google Cloud', 'global', { layer: null, product: null, scope: 'global' }],
  ['Microsoft Azure', 'AzureFrontDoor', null, { product: 'Azure Front Door' }],
  ['Cloudflare', null, 'global', { layer: null, product: 'Cloudflare', scope: 'global' }],
  ['Fastly', null, 'global', { layer: 7, product: 'Fastly', scope: 'global' }],
  ['Oracle Cloud', 'OBJECT_STORAGE', 'us-phoenix-1', { layer: null, product: null, scope: null }],
])('an address of %s %s in %s', async (operator, service, region, expected) => {
  const networks = new AddressTable();
  networks.addPlace('192.0.2.0' as IpAddress, 24, { operator, service, region, zone: null });
  expect(await gathered(answers([{}]), { networks })).toMatchObject(expected);
});

const keyed = (traces: readonly RequestTrace[], keyOf: (at: number) => string): readonly RequestTrace[] =>
  traces.map((trace, at) => ({ ...trace, tls: trace.tls && { ...trace.tls, ticketKeyName: keyOf(at).repeat(16) } }));
const connected = (retransmits: number, rttMs: number | null, mssBytes = 1448) => ({ retransmits, rttMs, mssBytes });

describe('where connections end', () => {
  const hosts = { byEndpoint: [{ endpoint: first.id, seen: 2, answered: 12, algorithm: null }] };
  test.each<[string, (at: number) => string, More, BalancerEvidence['layer']]>([
    ['session keys by turns', (at) => `a${at % 2}`, {}, 4],
    ['one key before two hosts', () => 'aa', { earlier: { hosts } }, 7],
    ['one key, and nothing known of hosts', () => 'aa', {}, null],
    ['a new key after a reload', (at) => (at < 6 ? 'aa' : 'bb'), {}, null],
    ['names made up for each ticket', (at) => (at + 16).toString(16), { earlier: { hosts } }, null],
  ])('%s', async (_, keyOf, more, layer) => {
    const headers = [['Date', 'now']] as const;
    const traces = keyed(answers(times(12, () => ({ headers }))), keyOf);
    expect((await gathered(traces, more)).layer).toBe(layer);
  });

  test.each<[string, readonly TraceScript[], readonly string[]]>([
    ['by each', times(4, () => ({ problem: problem('closed', 'tls') })), ['hang-up']],
    ['by some', [{}, ...times(3, () => ({ problem: problem('reset', 'tls') }))], []],
    ['by each, with an alert', times(4, () => ({ problem: problem('tls-alert', 'tls') })), []],
    ['by each, later', times(4, () => ({ problem: problem('reset', 'wait') })), []],
  ])('a connection that is closed before TLS begins: %s', async (_, scripts, expected) => {
    const { signals, layer } = await gathered(answers(scripts));
    expect([signals.map(({ signal }) => signal), layer]).toEqual([expected, null]);
  });

  test('segment sizes by turns are several machines', async () => {
    const traces = answers(times(8, () => ({}))).map((trace, at) => ({
      ...trace,
      spans: { ...trace.spans, connect: { startMs: 0, durationMs: 1, clock: 'kernel' as const } },
      tcp: connected(0, 1, at % 2 ? 1448 : 1380),
    }));
    const seen = await gathered(traces);
    expect(seen.layer).toBe(4);
    expect(seen.byEndpoint[0]?.tcp?.segments).toEqual([
      { bytes: 1380, n: 4 },
      { bytes: 1448, n: 4 },
    ]);
  });
});

describe('first packets', () => {
  const took = (ms: number, tcp: RequestTrace['tcp'] = null) =>
    ({ spans: { connect: { startMs: 0, durationMs: ms, clock: 'loop' } }, tcp }) as RequestTrace;
  test.each<[string, readonly RequestTrace[], Partial<ReturnType<typeof tcpOf>>]>([
    ['none', [], { connected: 0, resent: 0, rttLeastMs: null }],
    [
      'counted by the kernel; the round trip of such a connection is not used',
      [took(20, connected(0, 20)), took(1020, connected(1, 1020)), took(3021, connected(2, null))],
      { connected: 3, resent: 2, resentBy: 'kernel', rttLeastMs: 20, rttP50Ms: 20 },
    ],
    [
      'told by whole seconds where no kernel tells',
      [took(20), took(22), took(1024), took(2031), took(3090), took(1500), took(700)],
      { connected: 7, resent: 3, resentBy: 'time', rttP50Ms: null },
    ],
  ])('%s', (_, traces, expected) => {
    expect(tcpOf(traces)).toMatchObject(expected);
  });
});

describe('the part of the callers', () => {
  const policy = (sets: readonly (readonly [number, ...string[]])[], kind = 'weighted') => ({
    dns: {
      policy: {
        ...{ kind, type: 'A', queries: sets.reduce((sum, [n]) => sum + n, 0), setsSeen: sets.length },
        sets: sets.map(([n, ...addresses]) => ({ n, addresses })),
      },
    },
  });
  test.each<[string, GatherContext<object>['earlier'], readonly (number | null)[]]>([
    ['each address alike', {}, [0.5, 0.5]],
    [
      'by weights',
      policy([
        [30, '192.0.2.1'],
        [10, '192.0.2.2'],
      ]),
      [0.75, 0.25],
    ],
    [
      'by weights, some answers holding both',
      policy([
        [20, '192.0.2.1'],
        [20, '192.0.2.1', '192.0.2.2'],
      ]),
      [0.75, 0.25],
    ],
    [
      'of a policy that has no weights',
      policy(
        [
          [30, '192.0.2.1'],
          [10, '192.0.2.2'],
        ],
        'rotated',
      ),
      [0.5, 0.5],
    ],
  ])('%s', async (_, earlier, shares) => {
    const { byEndpoint } = await gathered([], { earlier }, endpointsOf(null, null));
    expect(byEndpoint.map(({ share }) => share?.share)).toEqual(shares);
    for (const { share } of byEndpoint) {
      if (share?.interval)
        expect([share.interval[0] < share.share, share.share < share.interval[1]]).toEqual([true, true]);
    }
  });

  test.each<[string, object]>([
    ['answers depend on who asks', policy([[10, '192.0.2.1']], 'client-dependent')],
    ['an alias is drawn by weight', { dns: { aliasPolicy: { kind: 'weighted' } } }],
  ])('is unknown where %s', async (_, earlier) => {
    const { byEndpoint } = await gathered([], { earlier: earlier as GatherContext<object>['earlier'] });
    expect(byEndpoint[0]?.share).toBeNull();
  });

  test('of a pool is that of one of the pool', async () => {
    const { dns } = policy([[10, '192.0.2.1']], 'multivalue');
    const earlier = { dns: { policy: { ...dns.policy, pool: 8 } } };
    expect((await gathered([], { earlier })).byEndpoint[0]?.share).toMatchObject({ share: 0.125, addresses: 8 });
  });

  test('is unknown of an address that was given by hand', async () => {
    const byHand = endpointsOf(null).map((endpoint) => ({ ...endpoint, ttlSeconds: null }));
    expect(await gathered([], {}, byHand)).toMatchObject({ byEndpoint: [{ share: null }], growth: null });
  });
});

test('addresses that were added since an earlier journey are told', async () => {
  const past = (startedAt: string, count: number) => ({
    startedAt,
    endpoints: endpointsOf(...Array.from({ length: count }, () => null)),
  });
  const before = [past('2026-10-01T00:00:00.000Z', 2), past('2026-11-01T00:00:00.000Z', 3)] as unknown as Observation[];
  const seen = await gathered([], { before }, endpointsOf(null, null, null));
  expect(seen.growth).toMatchObject({ addresses: 3, earlier: [{ addresses: 2 }, { addresses: 3 }] });
  expect(judgement.answer(seen, {} as never).summary[0]).toContain('grown from 2 to 3 addresses since 2026-10-01');
});

type Says = NonNullable<HostsEvidence['sharing']>['says'];
test.each<[Says, pools: readonly (readonly number[])[], BalancerEvidence['scope'], because: string]>([
  ['same', [[0, 1, 2]], 'regional', 'the addresses of all zones lead to the same hosts'],
  ['overlapping', [[0, 1, 2]], 'regional', 'the addresses of all zones lead to hosts that they share'],
  ['overlapping', [[0, 1], [2]], null, 'the addresses of 2 of 3 zones lead to hosts that they share'],
  ['separate', [[0], [1], [2]], 'zonal', 'each zone has an address of its own, and hosts of its own'],
  [
    null,
    [[0], [1], [2]],
    'zonal',
    'each zone has an address of its own (whether its hosts are its own cannot be told: too few)',
  ],
  [null, [], 'zonal', 'each zone has an address of its own'],
  // The third has no names: what the other two share is not shared by all.
  ['same', [[0, 1]], null, 'the addresses of 2 of 3 zones lead to hosts that they share'],
])('zones whose hosts are %s, in pools %j, are %s', async (says, pools, scope, because) => {
  const zones = endpointsOf('az1', 'az2', 'az3');
  const ids = (pool: readonly number[]) => pool.flatMap((at) => zones[at]?.id ?? []);
  const why = says === null && pools.length > 0 ? { because: 'too few' } : {};
  const sharing = { says, pools: pools.map((pool) => ({ endpoints: ids(pool), hosts: 2 })), ...why };
  const seen = await gathered([], { earlier: { hosts: { byEndpoint: [], sharing } } }, zones);
  expect([seen.scope, seen.scopeBecause]).toEqual([scope, because]);
});

test('endpoints of one zone that share hosts say nothing of other zones', async () => {
  const zones = endpointsOf('az1', 'az1', 'az2');
  const pools = [[zones[0], zones[1]], [zones[2]]].map((pool) => ({
    endpoints: pool.flatMap((one) => one?.id ?? []),
    hosts: 2,
  }));
  const hosts = { byEndpoint: [], sharing: { says: 'overlapping', pools } };
  expect((await gathered([], { earlier: { hosts } }, zones)).scope).toBe('zonal');
});

test.each<[number, number, string]>([
  [2, 20, 'no'],
  [1, 20, 'cannot-tell'],
  [1, 3, 'unknown'],
])('%i hosts in %i answers: sticky by source address: %s', async (seen, answered, bySource) => {
  const hosts = { byEndpoint: [{ endpoint: first.id, seen, answered, algorithm: null }] };
  expect((await gathered([], { earlier: { hosts } })).stickiness?.bySource).toBe(bySource);
});

type Stay = readonly [by: string, answered: number, same: number, other: number];
test.each<[readonly (Stay | null)[], 'stays' | 'moves' | null, string]>([
  [[null], null, 'back stay with their host by its design (--infer tries it)'],
  [[['x-served-by', 8, 8, 0]], 'stays', 'back stay with their host, as was tried'],
  [[['x-served-by', 8, 2, 6]], 'moves', 'is set, but callers who send it back meet other hosts all the same'],
  [
    [
      ['x-served-by', 8, 8, 0],
      ['x-served-by', 8, 3, 5],
    ],
    'moves',
    'meet other hosts all the same',
  ],
  [[['x-served-by', 8, 7, 1], null], 'stays', 'as was tried'],
  // The cookie is the name of the host, and a balancer that was given it need not set it again.
  [[['cookie SERVERID', 8, 0, 0]], 'stays', 'as was tried'],
  [[['cookie SERVERID', 8, 0, 8]], 'moves', 'meet other hosts all the same'],
  [[['x-served-by', 8, 0, 0]], null, 'by its design'],
  [[['x-served-by', 3, 3, 0]], null, 'by its design'],
])('the cookie sent back, %j: %s', async (stays, byCookie, says) => {
  const byEndpoint = stays.map((stay) => {
    const known = { endpoint: first.id, seen: 3, answered: 24, algorithm: null, identifiedBy: stay?.[0] ?? null };
    if (stay === null) return known;
    return { ...known, stay: { cookie: 'SERVERID', answered: stay[1], same: stay[2], other: stay[3] } };
  });
  const headers = [['set-cookie', 'SERVERID=s1']] as const;
  const seen = await gathered(answers(times(6, () => ({ headers }))), { earlier: { hosts: { byEndpoint } } });
  expect(seen.stickiness).toMatchObject({ cookies: ['SERVERID'], byCookie, says: expect.stringContaining(says) });
  const words = judgement.answer(seen, {} as never).summary[0];
  expect(words).toContain(byCookie === 'moves' ? 'not sticky in spite of the cookie' : '; sticky by the cookie');
});

test.each<[readonly (number | null)[], string | null]>([
  [[], 'nothing answered'],
  [[1, 1], 'one host answered all of it, which is what a service without any balancer looks like too'],
  [[3, 1], 'several hosts answer, and nothing shows whether TLS or HTTP ends before them'],
  [[null, null], 'nothing tells hosts apart, so that what stands in front of them shows nothing of itself either'],
])('without a signal and with %j hosts seen, the layer is not said, because %s', async (counts, because) => {
  const byEndpoint = counts.map((seen) => ({ endpoint: first.id, seen, answered: 20, algorithm: null }));
  const seen = await gathered([], { earlier: { hosts: { byEndpoint } } });
  expect(seen).toMatchObject({ layer: null, layerBecause: because });
  expect(judgement.answer(seen, {} as never).summary[0]).toContain(`cannot be told: ${because}`);
});

test('a layer that is said has no excuse', async () => {
  const hosts = { byEndpoint: [{ endpoint: first.id, seen: 1, answered: 20, algorithm: null }] };
  const headers = [['server', 'istio-envoy']] as const;
  const seen = await gathered(answers(times(6, () => ({ headers }))), { earlier: { hosts } });
  expect(seen).toMatchObject({ layer: 7, layerBecause: null });
});

test('hostile answers are recorded within bounds, judged and shown', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.constantFrom('Set-Cookie', 'via', 'server', 'AWSALB=', '=', ';', '=;'),
  );
  const header = fc.tuple(text, text);
  const script = fc.record({
    headers: fc.array(header, { maxLength: 40 }),
    body: text,
    status: fc.integer({ min: 100, max: 599 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(script, { maxLength: 12 }), async (scripts) => {
      const seen = await gathered(answers(scripts));
      for (const { cookies = [] } of seen.byEndpoint) expect(cookies.length).toBeLessThanOrEqual(16);
      expect(section(seen).blocks.length).toBeGreaterThan(0);
      expect(judgement.answer(seen, {} as never).summary).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});

test('metrics are told of what is known only', async () => {
  const connect = { startMs: 0, durationMs: 1, clock: 'kernel' as const };
  const traces = answers([{}]).map((trace) => ({ ...trace, spans: { connect }, tcp: connected(1, null) }));
  const known = metrics(await gathered(traces)).map(({ family, value }) => [family, value]);
  expect(known).toEqual([
    ['journey_balancer_callers_share', 1],
    ['journey_balancer_resent_connections', 1],
  ]);
  const byHand = endpointsOf(null).map((endpoint) => ({ ...endpoint, ttlSeconds: null }));
  expect(metrics(await gathered([], {}, byHand))).toEqual([]);
});

test('names of cookies are kept, their values are not', async () => {
  const line = (name: string): readonly [string, string] => ['Set-Cookie', `${name}=secret-value; Path=/`];
  const seen = await gathered(answers([{ headers: [line('sid'), line('theme')] }, { headers: [line('sid')] }]));
  expect(seen.byEndpoint[0]?.cookies).toEqual(['sid', 'theme'].map((name) => wireText(name)));
  expect(JSON.stringify(seen)).not.toContain('secret-value');
});
