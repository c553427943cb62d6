import { describe, expect, test } from 'vitest';
import { wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf, times, tracesOn } from '../../../test/support/traces.ts';
import { challengesOf } from '../challenge.ts';
import { options } from '../defaults.ts';
import { accessEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

const fields = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([name, value]) => [wireText(name), wireText(value)] as const);

describe('a challenge', () => {
  test.each<[string, readonly (readonly [string, string | null])[]]>([
    ['Bearer realm="kms"', [['Bearer', 'kms']]],
    [
      'Bearer realm="kms", error="invalid_token", Basic realm="a, b"',
      [
        ['Bearer', 'kms'],
        ['Basic', 'a, b'],
      ],
    ],
    [
      'Negotiate, Digest nonce="x", realm = "d"',
      [
        ['Negotiate', null],
        ['Digest', 'd'],
      ],
    ],
    ['Negotiate YII=', [['Negotiate', null]]],
    ['realm="nobody asked"', []],
    ['', []],
    ['Basic realm="never closed', [['Basic', 'never closed']]],
  ])('%j', (value, expected) => {
    const read = challengesOf(fields([['WWW-Authenticate', value]]));
    expect(read.map(({ scheme, realm }) => [scheme, realm])).toEqual(expected);
  });
});

test('answers are counted, and the tightest limit is kept', async () => {
  const endpoints = endpointsOf('az1', 'az2');
  const traces = endpoints.flatMap((endpoint, zone) =>
    tracesOn(endpoint, [
      ...times(2, (at) => ({
        headers: [
          ['X-RateLimit-Limit', '100'],
          ['X-RateLimit-Remaining', String(90 - zone * 50 - at)],
        ] as const,
      })),
      { status: 429, headers: [['Retry-After', String(3 + zone)]] },
      {
        status: 401,
        headers: zone === 0 ? [['WWW-Authenticate', 'Basic realm="r"']] : [['Strict-Transport-Security', 'max-age=1']],
      },
    ]),
  );
  const attempt = await gather(contextOf(options, endpoints, traces));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  accessEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  expect(attempt.value).toMatchObject({
    ...{ anonymousStatus: { 200: 4, 429: 2, 401: 2 }, throttled: 2, throttledRetryAfterSeconds: 4, unchallenged: 1 },
    ...{ challenges: [{ scheme: 'Basic', realm: 'r', n: 1 }], clientCertificateRequested: null },
    rateLimit: { limit: 100, remaining: 39, endpoint: endpoints[1]?.id },
    byEndpoint: [
      { answered: 4, unchallenged: 0, throttled: 1, strictTransport: 0 },
      { answered: 4, unchallenged: 1, throttled: 1, strictTransport: 1 },
    ],
  });
});

test('what an answer whose fields were cut does not show is not known to be absent', async () => {
  const [endpoint] = endpointsOf('az1');
  if (endpoint === undefined) throw new Error('no endpoint');
  const strict = [['Strict-Transport-Security', 'max-age=1']] as const;
  const traces = tracesOn(endpoint, [
    { status: 401, fieldsTruncated: true },
    { status: 401, fieldsTruncated: true, headers: strict },
    { status: 401 },
  ]);
  const attempt = await gather(contextOf(options, [endpoint], traces));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  expect(attempt.value).toMatchObject({
    unchallenged: 1,
    byEndpoint: [{ answered: 3, unchallenged: 1, strictTransport: 1, strictTransportUnknown: 1 }],
  });
});
