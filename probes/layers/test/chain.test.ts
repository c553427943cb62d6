// Which layers are read out of one answer, from the client inwards.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible, wireText } from '../../../src/model/text.ts';
import type { HttpFacts } from '../../../src/model/trace.ts';
import { cacheOf } from '../caches.ts';
import { chainOf } from '../chain.ts';

function answerWith(headers: readonly (readonly [string, string])[]): HttpFacts {
  return {
    ...{ version: '1.1', status: 200, trailers: [], fieldsTruncated: false, bodyBytes: 0, bodySha256: '' },
    ...{ bodyStart: wireText(''), truncated: false },
    headers: headers.map(([name, value]) => [wireText(name), wireText(value)]),
  };
}

const layers = (headers: readonly (readonly [string, string])[]): string[] =>
  chainOf(answerWith(headers)).map(
    ({ name, kind, signal, confidence }) => `${visible(name)} ${kind} ${signal} ${confidence ?? '-'}`,
  );

test.each<[string, readonly (readonly [string, string])[], readonly string[]]>([
  ['nothing', [], []],
  [
    'CloudFront before an ALB target: its line in Via is told once',
    [
      ['Via', '1.1 nginx, 1.1 0123456789abcdef.cloudfront.net (CloudFront)'],
      ['X-Cache', 'Miss from cloudfront'],
      ['X-Amz-Cf-Pop', 'FRA56-P3'],
      ['X-Amz-Cf-Id', 'abc=='],
      ['Server', 'nginx'],
    ],
    ['Amazon CloudFront edge x-amz-cf-pop high', 'nginx proxy via high', 'nginx unknown server low'],
  ],
  [
    'Fastly with a shield, and a Varnish of the origin',
    [
      ['Via', '1.1 varnish (Varnish/7.1), 1.1 varnish, 1.1 varnish'],
      ['X-Served-By', 'cache-sea1927-SEA, cache-ams4133-AMS'],
      ['X-Varnish', '32770'],
    ],
    ['Fastly edge x-served-by high', 'Fastly shield edge x-served-by high', 'varnish proxy via high'],
  ],
  ['a host that names itself is no edge', [['X-Served-By', 'app1']], []],
  [
    'Envoy by its headers, behind a proxy in Via',
    [
      ['server', 'istio-envoy'],
      ['x-envoy-upstream-service-time', '12'],
      ['via', '1.1 outer'],
    ],
    ['outer proxy via high', 'Envoy proxy x-envoy-upstream-service-time high'],
  ],
  [
    'Kong that names itself',
    [
      ['Via', '1.1 kong/3.9.0'],
      ['X-Kong-Proxy-Latency', '2'],
      ['X-Kong-Upstream-Latency', '40'],
    ],
    ['kong/3.9.0 proxy via high'],
  ],
  [
    'Cloudflare, whose Server and measurements are no layers of their own',
    [
      ['Server', 'cloudflare'],
      ['CF-Ray', '8f0a1b2c3d4e5f60-FRA'],
      ['Server-Timing', 'cdn-cache;desc=DYNAMIC, edge;dur=20, origin;dur=100, cfWorker;dur=7, app;dur=80'],
    ],
    ['Cloudflare edge cf-ray high', 'app service server-timing medium'],
  ],
  ['edge and origin of somebody else', [['Server-Timing', 'edge;dur=1']], ['edge service server-timing medium']],
])('%s', (_, headers, expected) => {
  expect(layers(headers)).toEqual(expected);
});

test.each<[string, string, 'hit' | 'miss' | null]>([
  ['Cache-Status', 'ExampleCache; hit; ttl=376', 'hit'],
  ['Cache-Status', 'OriginCache; hit, "CDN"; fwd=uri-miss', 'hit'],
  ['Cache-Status', 'ExampleCache; fwd=uri-miss; stored', 'miss'],
  ['X-Cache', 'Hit from cloudfront', 'hit'],
  ['X-Cache', 'RefreshHit from cloudfront', 'miss'],
  ['X-Cache', 'Error from cloudfront', 'miss'],
  ['X-Cache', 'HIT, MISS', 'hit'],
  ['X-Cache', 'MISS, MISS', 'miss'],
  ['X-Cache', 'TCP_HIT', 'hit'],
  ['CF-Cache-Status', 'DYNAMIC', 'miss'],
  ['CF-Cache-Status', 'HIT', 'hit'],
  ['X-Varnish', '32770 3', 'hit'],
  ['X-Varnish', '32770', 'miss'],
  ['Age', '0', null],
  ['Age', '12', 'hit'],
  ['Age', 'old', null],
])('%s: %s', (name, value, expected) => {
  expect(cacheOf(answerWith([[name, value]]))).toBe(expected);
});

test('no answer of a stranger makes it throw, or a chain without a bound', () => {
  const names = ['via', 'server', 'server-timing', 'x-served-by', 'x-cache', 'cache-status', 'x-varnish', 'age'];
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `${text},`.repeat(200)),
    fc.constant(`cache-a1-AAA, `.repeat(300)),
    fc.constant(`1.1 varnish, `.repeat(300)),
  );
  const fields = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 12 });
  fc.assert(
    fc.property(fields, (headers) => {
      const answer = answerWith(headers);
      expect(chainOf(answer).length).toBeLessThanOrEqual(32);
      cacheOf(answer);
    }),
    { numRuns: 25 },
  );
});
