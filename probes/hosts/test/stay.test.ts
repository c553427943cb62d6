// Whether callers stay with their host by the cookie it is told by: tried only when asked, and only where it can tell.
import { expect, test } from 'vitest';
import type { SampleMore } from '../../../src/contract/net.ts';
import type { CookiePair } from '../../../src/model/cookie.ts';
import { contextOf, endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { hostsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { TRIES } from '../stay.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

interface World {
  /** What a caller is told apart by, and told to send back, by the host that answers. */
  readonly headers: (host: number, sent: CookiePair | null) => readonly (readonly [string, string])[];
  /** Which host answers a caller who sends the cookie, by how often it was sent. */
  readonly picks: (pair: CookiePair, at: number) => number;
  readonly infer?: boolean;
  readonly hasCookies?: boolean;
}

async function tried({ headers, picks, infer = true, hasCookies = false }: World) {
  const sent: CookiePair[] = [];
  const answerOf = async (script: TraceScript) => {
    const [trace] = tracesOn(endpoint, [script]);
    if (trace === undefined) throw new Error('no trace');
    return trace;
  };
  let turn = 0;
  const sample: SampleMore = () => answerOf({ headers: headers(turn++ % 3, null) });
  const sampleWith = (pair: CookiePair): SampleMore | null => {
    if (hasCookies) return null;
    return () => {
      sent.push(pair);
      return answerOf({ headers: headers(picks(pair, sent.length - 1), pair) });
    };
  };
  const traces = tracesOn(
    endpoint,
    times(24, (at) => ({ headers: headers(at % 3, null) })),
  );
  const net = { now: () => performance.now(), dns: undefined as never, sample, sampleWith };
  const attempt = await gather(contextOf({ infer, burstEveryMs: 50 }, [endpoint], traces, { net }));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  hostsEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return { record: attempt.value.byEndpoint[0], sent };
}

const served = (host: number) => ['x-served-by', `h${host}`] as const;
const routed = (host: number) => ['set-cookie', `SERVERID=s${host}; path=/`] as const;
const hostIn = (pair: CookiePair): number => Number(pair.at(-1));

test.each<[string, World, object | null]>([
  [
    'kept by it',
    { headers: (host) => [served(host), routed(host)], picks: hostIn },
    { cookie: 'SERVERID', answered: TRIES, same: TRIES, other: 0 },
  ],
  [
    'not kept by it',
    { headers: (host) => [served(host), routed(host)], picks: (_, at) => at % 4 },
    { answered: TRIES, same: 2, other: 6 },
  ],
  [
    'told apart by the very cookie, which is not set again where it is sent',
    { headers: (host, pair) => (pair === null ? [routed(host)] : []), picks: hostIn },
    { answered: TRIES, same: 0, other: 0 },
  ],
  ['without any cookie', { headers: (host) => [served(host)], picks: hostIn }, null],
  [
    'with a cookie that cannot be sent back',
    { headers: (host) => [served(host), ['set-cookie', 'SERVERID=a b']], picks: hostIn },
    null,
  ],
  [
    'with cookies of its own',
    { headers: (host) => [served(host), routed(host)], picks: hostIn, hasCookies: true },
    null,
  ],
  ['not asked', { headers: (host) => [served(host), routed(host)], picks: hostIn, infer: false }, null],
])('a caller %s', async (_, world, stay) => {
  const { record, sent } = await tried(world);
  expect(record?.stay ?? null).toEqual(stay === null ? null : expect.objectContaining(stay));
  expect(sent).toHaveLength(stay === null ? 0 : TRIES);
  // The last answer of the ride came from the third host.
  expect(new Set(sent)).toEqual(new Set(stay === null ? [] : ['SERVERID=s2']));
});
