// Owns the table of rate-limit headers as they are sent in the world, each with its source. No network.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wireText } from '../../../src/model/text.ts';
import { rateLimitOf, rateLimitsOf } from '../rate-limit.ts';

const fields = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([name, value]) => [wireText(name), wireText(value)] as const);
/** 2026-11-21T12:00:00Z. */
const NOW = Date.UTC(2026, 10, 21, 12);

type Headers = readonly (readonly [string, string])[];
const cases: readonly (readonly [source: string, headers: Headers, expected: object | null])[] = [
  [
    'draft-ietf-httpapi-ratelimit-headers-10, two policies: the one that strikes first',
    [
      ['RateLimit-Policy', '"day";q=1000;w=86400, "burst";q=100;w=60'],
      ['RateLimit', '"day";r=900;t=5000, "burst";r=42;t=18'],
    ],
    { limit: 100, windowSeconds: 60, remaining: 42, resetSeconds: 18, form: 'structured' },
  ],
  [
    'draft -10, partition keys and a policy in another order',
    [
      ['RateLimit', '"peruser";r=10;t=30;pk=:dHJpYWwxMjE=:'],
      ['RateLimit-Policy', '"peruser";q=65535;qu="requests";w=10;pk=:sdfjLJUOUH==:'],
    ],
    { limit: 65_535, windowSeconds: 10, remaining: 10, resetSeconds: 30 },
  ],
  [
    'draft -10, what counts bytes strikes no number of requests',
    [
      ['RateLimit-Policy', '"bytes";q=65535;qu="content-bytes";w=10, "n";q=50;w=1'],
      ['RateLimit', '"bytes";r=1;t=9, "n";r=49;t=1'],
    ],
    { limit: 50, remaining: 49 },
  ],
  [
    'draft -10, a policy alone',
    [['RateLimit-Policy', '"default";q=100;w=10']],
    { limit: 100, windowSeconds: 10, remaining: null },
  ],
  [
    'draft -07, one dictionary',
    [
      ['RateLimit', 'limit=100, remaining=50, reset=30'],
      ['RateLimit-Policy', '100;w=60'],
    ],
    { limit: 100, windowSeconds: 60, remaining: 50, resetSeconds: 30, form: 'ratelimit' },
  ],
  [
    'draft -06, three headers and a policy',
    [
      ['RateLimit-Limit', '10'],
      ['RateLimit-Policy', '10;w=1, 50;w=60'],
      ['RateLimit-Remaining', '9'],
      ['RateLimit-Reset', '1'],
    ],
    { limit: 10, windowSeconds: 1, remaining: 9, resetSeconds: 1, form: 'ratelimit' },
  ],
  [
    'draft -03 and Envoy (x-ratelimit-limit: 10, 10;w=1;name=...)',
    [
      ['x-ratelimit-limit', '10, 10;w=1;name="per-ip"'],
      ['x-ratelimit-remaining', '9'],
      ['x-ratelimit-reset', '1'],
    ],
    { limit: 10, windowSeconds: 1, remaining: 9, resetSeconds: 1, form: 'x-ratelimit' },
  ],
  [
    'Docker Hub: window beside each figure',
    [
      ['ratelimit-limit', '100;w=21600'],
      ['ratelimit-remaining', '76;w=21600'],
    ],
    { limit: 100, windowSeconds: 21_600, remaining: 76 },
  ],
  [
    'GitHub (docs.github.com, rate limits for the REST API): Unix seconds',
    [
      ['X-RateLimit-Limit', '60'],
      ['X-RateLimit-Remaining', '42'],
      ['X-RateLimit-Reset', String(NOW / 1000 + 900)],
      ['X-RateLimit-Used', '18'],
    ],
    { limit: 60, remaining: 42, resetSeconds: 900 },
  ],
  [
    'the same by the clock of the server, where it is said',
    [
      ['Date', 'Sat, 21 Nov 2026 12:10:00 GMT'],
      ['X-RateLimit-Remaining', '42'],
      ['X-RateLimit-Reset', String(NOW / 1000 + 900)],
    ],
    { limit: null, remaining: 42, resetSeconds: 300 },
  ],
  [
    'X (Twitter): X-Rate-Limit-*',
    [
      ['x-rate-limit-limit', '900'],
      ['x-rate-limit-remaining', '0'],
      ['x-rate-limit-reset', String(NOW / 1000 + 1)],
    ],
    { limit: 900, remaining: 0, resetSeconds: 1 },
  ],
  [
    'milliseconds of Unix time',
    [
      ['X-RateLimit-Remaining', '1'],
      ['X-RateLimit-Reset', String(NOW + 5000)],
    ],
    { resetSeconds: 5 },
  ],
  [
    'Discord (docs.discord.com, rate limits): Reset-After before Reset',
    [
      ['X-RateLimit-Limit', '5'],
      ['X-RateLimit-Remaining', '0'],
      ['X-RateLimit-Reset', '1470173023.123'],
      ['X-RateLimit-Reset-After', '64.57'],
      ['X-RateLimit-Bucket', 'abcd1234'],
    ],
    { limit: 5, remaining: 0, resetSeconds: 64.57 },
  ],
  [
    'Reddit: used and remaining, no limit',
    [
      ['x-ratelimit-used', '4'],
      ['x-ratelimit-remaining', '596.0'],
      ['x-ratelimit-reset', '480'],
    ],
    { limit: 600, remaining: 596, resetSeconds: 480 },
  ],
  [
    'Jira Cloud (developer.atlassian.com, rate limiting): RFC 3339 without seconds',
    [
      ['X-RateLimit-Limit', '100'],
      ['X-RateLimit-Remaining', '0'],
      ['X-RateLimit-Reset', '2026-11-21T12:05Z'],
    ],
    { limit: 100, remaining: 0, resetSeconds: 300 },
  ],
  [
    'OpenAI: requests and tokens, durations as Go writes them',
    [
      ['x-ratelimit-limit-requests', '60'],
      ['x-ratelimit-limit-tokens', '150000'],
      ['x-ratelimit-remaining-requests', '59'],
      ['x-ratelimit-remaining-tokens', '10'],
      ['x-ratelimit-reset-requests', '6m0s'],
      ['x-ratelimit-reset-tokens', '17ms'],
    ],
    { limit: 60, remaining: 59, resetSeconds: 360 },
  ],
  [
    'Kong (rate-limiting plugin): the window in the name',
    [
      ['X-RateLimit-Limit-Minute', '20'],
      ['X-RateLimit-Remaining-Minute', '3'],
      ['X-RateLimit-Limit-Hour', '500'],
      ['X-RateLimit-Remaining-Hour', '480'],
    ],
    { limit: 20, windowSeconds: 60, remaining: 3 },
  ],
  [
    'Shopify (shopify.dev, REST Admin API rate limits): used of the whole',
    [['X-Shopify-Shop-Api-Call-Limit', '32/40']],
    { limit: 40, remaining: 8 },
  ],
  [
    'HubSpot: the window in milliseconds',
    [
      ['X-HubSpot-RateLimit-Max', '100'],
      ['X-HubSpot-RateLimit-Remaining', '99'],
      ['X-HubSpot-RateLimit-Interval-Milliseconds', '10000'],
    ],
    { limit: 100, windowSeconds: 10, remaining: 99 },
  ],
  [
    'Azure Resource Manager (learn.microsoft.com, request limits): the remainder alone',
    [['x-ms-ratelimit-remaining-subscription-reads', '11999']],
    { limit: null, remaining: 11_999 },
  ],
  [
    'without any clock a point in time stays unknown',
    [
      ['X-RateLimit-Remaining', '59'],
      ['X-RateLimit-Reset', '99999999999999'],
    ],
    { resetSeconds: null },
  ],
  [
    'a reset in the past is now',
    [
      ['X-RateLimit-Remaining', '5'],
      ['X-RateLimit-Reset', '1000000001'],
    ],
    { resetSeconds: 0 },
  ],
  [
    'words',
    [
      ['X-RateLimit-Limit', 'lots'],
      ['RateLimit', ';;,="'],
    ],
    null,
  ],
  [
    'a bucket without figures',
    [
      ['X-RateLimit-Bucket', 'a'],
      ['X-RateLimit-Policy', 'b'],
    ],
    null,
  ],
  ['nothing', [], null],
];

test.each(cases)('%s', (_, headers, expected) => {
  const read = rateLimitOf(fields(headers), NOW);
  if (expected === null) expect(read).toBeNull();
  else expect(read).toMatchObject(expected);
});

test('whatever is sent, the limits are few and their figures finite', () => {
  const name = fc.constantFrom(...new Set(cases.flatMap(([, headers]) => headers.map(([key]) => key))));
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom(...cases.flatMap(([, headers]) => headers.map(([, text]) => text))),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 40 }), (headers) => {
      const read = rateLimitsOf(fields(headers), NOW);
      expect(read.length).toBeLessThanOrEqual(8);
      for (const { limit, remaining, resetSeconds, windowSeconds } of read)
        for (const figure of [limit, remaining, resetSeconds, windowSeconds])
          expect(figure === null || (Number.isFinite(figure) && figure >= 0)).toBe(true);
    }),
  );
});
