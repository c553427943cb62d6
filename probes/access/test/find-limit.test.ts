// Owns the tests of the searches for a limit against real servers. How exact they are is tried in ramp.test.ts and on a real nginx.
import { afterEach, describe, expect, test } from 'vitest';
import type { SampleMore } from '../../../src/contract/net.ts';
import { flatten } from '../../../src/journey/flatten.ts';
import { Secret } from '../../../src/model/secret.ts';
import { tracesOn } from '../../../test/support/traces.ts';
import { options as defaults } from '../defaults.ts';
import { judgement } from '../judgement.ts';
import type { AccessOptions } from '../options.ts';
import { section } from '../section.ts';
import { endServers, gathered, serve } from './served.ts';

afterEach(endServers);

const search: AccessOptions = { ...defaults, preflight: false, findLimit: { fromPerSecond: 50, toPerSecond: 500 } };

describe('the search for a rate', () => {
  test('ends at the first refusal, and writes down how it was said', async () => {
    let asked = 0;
    const paths = new Set<string>();
    const endpoint = await serve(({ url = '', headers }, response) => {
      asked++;
      paths.add(`${url} ${headers['x-key'] as string}`);
      if (asked <= 12) response.end('fine');
      else
        response
          .writeHead(429, { 'Retry-After': '7', 'RateLimit-Limit': '12', 'RateLimit-Remaining': '0', Server: 'edge' })
          .end('slow down \u001b[31m');
    });
    const request = { method: 'GET', headers: [['X-Key', new Secret('header X-Key', 'canary')]], body: null } as const;
    const { value, sent } = await gathered(endpoint, search, [{ status: 200 }], request);
    expect(value.foundLimit).toMatchObject({
      ...{ end: 'throttled', found: { position: 13 } },
      refusal: { status: 429, retryAfterSeconds: 7, announced: { limit: 12, remaining: 0 }, server: 'edge' },
    });
    expect([...paths]).toEqual(['/keys canary']);
    // One connection serves a pace at which each is answered before the next is due.
    expect(sent.connections).toBeLessThan(sent.requests);
    expect(asked).toBeLessThanOrEqual(15);
    expect(JSON.stringify([value, section(value)])).not.toContain('canary');
  });

  test.each([503, 403])('takes %d that the ride did not meet for a refusal', async (status) => {
    let asked = 0;
    const endpoint = await serve((_, response) => void response.writeHead(++asked > 5 ? status : 200).end());
    const { value } = await gathered(endpoint, search);
    expect(value.foundLimit).toMatchObject({ found: { position: 6 }, refusal: { status, retryAfterSeconds: null } });
  });

  test('does not take what the ride met for one', async () => {
    let asked = 0;
    const endpoint = await serve((_, response) => void response.writeHead(++asked > 8 ? 429 : 404).end());
    const { value } = await gathered(endpoint, search, [{ status: 404 }]);
    expect(value.foundLimit?.found?.position).toBe(9);
  });

  test('is left out, and says why, where the ride was turned away already', async () => {
    let asked = 0;
    const endpoint = await serve((_, response) => void response.end(String(++asked)));
    const { value } = await gathered(endpoint, search, [{ status: 200 }, { status: 429 }]);
    expect([asked, value.foundLimit]).toEqual([0, undefined]);
    const given = { policy: { remainingShare: 0.1 }, asOfMs: 0, target: undefined as never, endpoints: [], hops: [] };
    expect(flatten(judgement.answer(value, given).summary)).toContain('was not looked for');
  });
});

describe('the search for requests under way at once', () => {
  /** Lets so many wait for the rest of their body, and refuses the next. */
  const holding = (limit: number): SampleMore => {
    let open = 0;
    return async (endpoint, sequence, signal, until) => {
      const [trace] = tracesOn(endpoint, [{ status: ++open > limit ? 429 : 200, headers: [['Retry-After', '1']] }]);
      if (trace === undefined) throw new Error('no trace');
      if (open <= limit)
        await Promise.race([until, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      return { ...trace, sequence };
    };
  };
  test.each([
    [5, 20, { end: 'throttled', held: 5, refusal: { status: 429, retryAfterSeconds: 1 } }],
    [99, 8, { end: 'max', held: 8, opened: 8, refusal: null }],
  ])('of %d with at most %d', async (limit, findLimitOpen, expected) => {
    const endpoint = await serve((_, response) => void response.end());
    const only: AccessOptions = { ...defaults, preflight: false, findLimitOpen };
    const { value } = await gathered(endpoint, only, [{ status: 200 }], undefined, holding(limit));
    expect(value.foundOpen).toMatchObject(expected);
  });

  test('says that it cannot tell where the service does not wait for the body', async () => {
    const endpoint = await serve((_, response) => void response.end());
    const only: AccessOptions = { ...defaults, preflight: false, findLimitOpen: 10 };
    const eager: SampleMore = async (on) => tracesOn(on, [{ status: 200 }])[0] as never;
    const { value } = await gathered(endpoint, only, [{ status: 200 }], undefined, eager);
    expect(value.foundOpen).toMatchObject({ end: 'not-held', refusal: null });
  });
});
