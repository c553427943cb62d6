import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problem } from '../../../src/model/problem.ts';
import type { RequestTrace } from '../../../src/model/trace.ts';
import { endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { affinityCookie, identify, readBy } from '../identity.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];
const traced = (scripts: readonly TraceScript[]): readonly RequestTrace[] => tracesOn(endpoint, scripts);

/** The name of the ticket key of each sample; null for none. */
function withTickets(traces: readonly RequestTrace[], name: (at: number) => string | null): readonly RequestTrace[] {
  return traces.map((trace, at): RequestTrace => {
    const key = name(at);
    return key === null || trace.tls === null ? trace : { ...trace, tls: { ...trace.tls, ticketKeyName: key } };
  });
}

const plain = traced(times(24, () => ({})));
const hex = (seed: number): string => seed.toString(16).padStart(2, '0').repeat(16);

describe('without a header hosts are told apart', () => {
  test('by the names of ticket keys that come back', () => {
    const found = identify(withTickets(plain, (at) => hex(at % 4)));
    expect(found).toMatchObject({ identifiedBy: 'TLS ticket key', isWhole: true });
    expect(new Set(found?.identities).size).toBe(4);
  });

  test.each<[string, (at: number) => string | null]>([
    ['the key is the same every time: TLS ends in front of them', () => hex(7)],
    ['each ticket is sealed with a name of its own', (at) => hex(at)],
    ['the key is changed for another one on the way', (at) => hex(at < 12 ? 1 : 2)],
    ['most connections get no ticket', (at) => (at < 4 ? hex(at % 2) : null)],
  ])('not by ticket keys where %s', (_, name) => {
    expect(identify(withTickets(plain, name))).toBeNull();
  });

  test.each<[string, readonly TraceScript[]]>([
    ['certificate', times(12, (at) => ({ leaf: `leaf-${at % 2}` }))],
    [
      'last-modified',
      times(12, (at) => ({ headers: [['Last-Modified', `Mon, 0${1 + (at % 2)} Jun 2026 10:00:00 GMT`]] })),
    ],
    ['etag', times(12, (at) => ({ headers: [['ETag', `"${at % 2}"`]] }))],
    ['server', times(12, (at) => ({ headers: [['Server', `nginx/1.2${at % 2}`]] }))],
  ])('by the %s, from below', (identifiedBy, scripts) => {
    expect(identify(traced(scripts))).toMatchObject({ identifiedBy, isWhole: false });
  });

  test('by the size of their segments, from below', () => {
    const traces = plain.map((trace, at): RequestTrace => {
      const tcp = { rttMs: 1, rttVarMs: 0, retransmits: 0, mssBytes: at % 2 === 0 ? 1448 : 1380 };
      return { ...trace, tcp } as RequestTrace;
    });
    const found = identify(traces);
    expect(found).toMatchObject({ identifiedBy: 'TCP segment size', isWhole: false });
    expect(new Set(found?.identities)).toEqual(new Set(['1448 bytes', '1380 bytes']));
  });

  test.each<[string, (at: number) => readonly (readonly [string, string])[], string]>([
    ['two named hosts', (at) => [['x-served-by', `h${at % 2}`]], 'x-served-by'],
    ['one name for all, which may be that of a cache', () => [['x-served-by', 'only']], 'etag'],
    ['two descriptions of Server-Timing', (at) => [['Server-Timing', `host;desc="w${at % 2}"`]], 'server-timing'],
    ['two versions of a server', (at) => [['Server', `nginx/1.2${at % 2}`]], 'etag'],
  ])('content of four kinds beside %s', (_, headers, identifiedBy) => {
    const scripts = times(24, (at) => ({ headers: [['ETag', `"${at % 4}"`], ...headers(at)] as const }));
    expect(identify(traced(scripts))?.identifiedBy).toBe(identifiedBy);
  });

  test.each(['etag', 'last-modified', 'server', 'server-timing', 'via', 'x-served-by', 'x-instance'])(
    'not by a %s that is new in every answer',
    (name) => {
      const value = (at: number) => (name === 'server-timing' ? `a;desc="${hex(at)}"` : `1.1 ${hex(at)}`);
      expect(identify(traced(times(24, (at) => ({ headers: [[name, value(at)]] }))))).toBeNull();
    },
  );

  test('not by an ETag that a deployment changed on the way', () => {
    expect(identify(traced(times(12, (at) => ({ headers: [['ETag', at < 6 ? '"1"' : '"2"']] }))))).toBeNull();
  });
});

/** Samples come every 100 ms; the wall clock of each host is off by so many seconds. */
const dated = (offSeconds: (at: number) => number, more: readonly (readonly [string, string])[] = []) =>
  traced(
    times(24, (at) => {
      const seconds = Math.floor((1_780_000_000_000 + at * 100) / 1000) + offSeconds(at);
      return { headers: [['Date', new Date(seconds * 1000).toUTCString()], ...more] };
    }),
  );

describe('by their clocks', () => {
  test('hosts 5 s apart are two', () => {
    const found = identify(dated((at) => (at % 2) * 5));
    expect(found).toMatchObject({ identifiedBy: 'clock', isWhole: false });
    expect(new Set(found?.identities)).toEqual(new Set(['clock +0 s', 'clock +5 s']));
  });

  test.each([
    ['one clock is one', dated(() => 0)],
    ['a second is what rounding does', dated((at) => at % 2)],
    ['a cache gives the Date of another time', dated((at) => (at % 2) * 5, [['Age', '3']])],
  ])('%s', (_, traces) => {
    expect(identify(traces)).toBeNull();
  });
});

test('a request that broke off is given to its host by the ticket key', () => {
  const traces = traced(
    times(
      12,
      (at): TraceScript =>
        at === 7 ? { problem: problem('wait-timeout', 'wait') } : { headers: [['x-served-by', `h${at % 2}`]] },
    ),
  );
  expect(identify(withTickets(traces, (at) => hex(at % 2)))?.identities[7]).toBe('h1');
  // One key for both hosts tells neither.
  expect(identify(withTickets(traces, () => hex(9)))?.identities[7]).toBeNull();
});

test('a trait is read of other samples as of the ride', () => {
  const traces = traced([{ headers: [['x-pod', 'a']] }, {}]);
  expect(readBy('x-pod', traces)).toEqual(['a', null]);
  expect(readBy('nothing like it', traces)).toEqual([null, null]);
});

test.each([
  ['AWSALB=abc; Expires=x', 'AWSALB'],
  ['AWSALBCORS=abc', 'AWSALB'],
  ['SERVERID=s1; path=/', 'SERVERID'],
  ['GCLB=x', 'GCLB'],
  ['session=1', null],
])('the cookie %j is affinity by %j', (cookie, name) => {
  expect(affinityCookie(traced(times(6, () => ({ headers: [['Set-Cookie', cookie]] }))))).toBe(name);
});

test('whatever servers send, nothing throws and each sample has its place', () => {
  const header = fc.constantFrom(
    'etag',
    'date',
    'via',
    'server-timing',
    'x-served-by',
    'set-cookie',
    'age',
    'last-modified',
  );
  const script = fc.record({ headers: fc.array(fc.tuple(header, fc.string()), { maxLength: 4 }) });
  fc.assert(
    fc.property(fc.array(script, { maxLength: 30 }), (scripts) => {
      const traces = traced(scripts);
      expect(identify(traces)?.identities.length ?? traces.length).toBe(traces.length);
    }),
  );
});
