import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problem } from '../../../src/model/problem.ts';
import { wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { chao1, periodOf } from '../estimate.ts';
import { type EndpointHosts, hostsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

async function gathered(scripts: readonly TraceScript[]): Promise<EndpointHosts | undefined> {
  const attempt = await gather(contextOf({ infer: false, burstEveryMs: 400 }, [endpoint], tracesOn(endpoint, scripts)));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  hostsEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return attempt.value.byEndpoint[0];
}

const by = (header: string, value: (sequence: number) => string) =>
  times(12, (at) => ({ headers: [[header, value(at)]] }));

describe('hosts are told apart', () => {
  test.each<[string, readonly TraceScript[], string | null, number | null]>([
    ['by a header that names them', by('X-Backend', (at) => `b${at % 3}`), 'x-backend', 3],
    ['by a header that never changes: one host seen', by('x-served-by', () => 'only'), 'x-served-by', 1],
    ['by a cookie of the balancer', by('Set-Cookie', (at) => `SERVERID=s${at % 2}; path=/`), 'cookie SERVERID', 2],
    [
      'by descriptions in Server-Timing',
      by('Server-Timing', (at) => `host;desc="w${at % 4}";dur=1`),
      'server-timing',
      4,
    ],
    ['by the proxy nearest to the origin', by('Via', (at) => `1.1 inner${at % 2}, 1.1 outer`), 'via', 2],
    ['by ETags that differ', by('ETag', (at) => `"${at % 2}"`), 'etag', 2],
    ['not by a request id', by('x-instance', (at) => `id-${at}`), null, null],
    ['not by an ETag that never changes', by('ETag', () => '"one"'), null, null],
    ['not by the cache nodes of Fastly', by('X-Served-By', (at) => `cache-lhr${at % 2}-LHR`), null, null],
    [
      'not by a header that most answers lack',
      times(12, (at) => ({ headers: at < 4 ? [['x-host', 'a']] : [] })),
      null,
      null,
    ],
    ['not at all without headers', times(12, () => ({})), null, null],
  ])('%s', async (_, scripts, identifiedBy, seen) => {
    expect(await gathered(scripts)).toMatchObject({ identifiedBy, seen });
  });
});

test.each<[string, readonly TraceScript[], number | null, number | null, number | null]>([
  ['a name that never changes', by('x-served-by', () => 'only'), 1, 1, null],
  ['answers without any trait', times(12, () => ({})), null, 1, null],
  ['no answer', times(3, () => ({ problem: problem('wait-timeout', 'wait') })), null, null, null],
])('%s: the number of hosts is open upwards', async (_, scripts, seen, low, high) => {
  expect(await gathered(scripts)).toMatchObject({ seen, low, high });
});

test('what we stopped waiting for is no failure of a host', async () => {
  const cut = { problem: problem('cancelled', 'wait') };
  expect(await gathered([{}, {}, cut, cut])).toMatchObject({ requests: 2, unidentified: { requests: 2, failures: 0 } });
});

test.each<[string, number | null, number, number]>([
  ['abc', 3, 3, 3],
  // The last of three breaks off each time, before it says its name.
  ['ab.', 3, 2, 3],
  ['abac..', 6, 3, 5],
])('a turn of %j has %j places and %i to %i hosts', async (turn, period, low, high) => {
  const scripts = times(48, (at): TraceScript => {
    const host = turn[at % turn.length] ?? '.';
    return host === '.' ? { status: 502 } : { headers: [['x-served-by', host]] };
  });
  const record = await gathered(scripts);
  expect(record).toMatchObject({ seen: low, low, high, estimate: high, order: { period } });
});

test('failures are counted by host; what broke before an answer belongs to none', async () => {
  const record = await gathered(
    times(12, (at): TraceScript => {
      if (at === 11) return { problem: problem('wait-timeout', 'wait') };
      if (at === 10) return { problem: problem('refused', 'connect') };
      return { status: at % 2 ? 503 : 200, headers: [['x-served-by', `h${at % 2}`]] };
    }),
  );
  expect(record).toMatchObject({
    requests: 11,
    answered: 10,
    serverErrors: 5,
    unidentified: { requests: 1, failures: 1 },
  });
  expect(record?.hosts).toMatchObject([
    { identity: 'h0', requests: 5, failures: 0 },
    { identity: 'h1', requests: 5, failures: 5, statuses: { 503: 5 } },
  ]);
  expect(record?.unhealthy).toEqual(['h1']);
});

test.each<[string, string, number | null]>([
  ['abababababab', 'two in turn', 2],
  ['abcabcabcabc', 'three in turn', 3],
  ['aabcaabcaabcaabc', 'three in turn, one with double weight', 4],
  ['ababab.babab.babab', 'two in turn with gaps', 2],
  ['ababab', 'too short to tell from chance', null],
  ['abababbababa', 'a turn that breaks', null],
  ['aaaaaaaaaaaa', 'one host', null],
  ['', 'nothing', null],
])('the order %j (%s) has period %j', (order, _, period) => {
  expect(periodOf([...order].map((host) => (host === '.' ? null : wireText(host))))).toBe(period);
});

describe('the number of hosts', () => {
  // Worked by hand: 4 seen, two of them once, one twice: 4 + 2*1 / (2*2).
  test('is the bias-corrected Chao1 with an interval around it', () => {
    const { estimate, low, high } = chao1([5, 2, 1, 1]);
    expect(estimate).toBe(4.5);
    expect(low).toBeGreaterThanOrEqual(4);
    expect(low).toBeLessThan(4.5);
    expect(high).toBeGreaterThan(4.5);
  });

  test('is open upwards when half of the answers came from hosts met once', () => {
    expect(chao1([1, 1, 1, 2])).toMatchObject({ low: 4, high: null });
  });

  test('is what was seen when each was seen often', () => {
    expect(chao1([20, 20, 20])).toMatchObject({ estimate: 3, low: 3, high: expect.closeTo(3, 1) });
  });

  test('is never below what was seen, and lies in its interval', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }), (requests) => {
        const { estimate, low, high } = chao1(requests);
        expect(low).toBeGreaterThanOrEqual(requests.length);
        expect(estimate).toBeGreaterThanOrEqual(low);
        expect(high ?? estimate).toBeGreaterThanOrEqual(estimate);
      }),
    );
  });
});
