// Owns the tests of spans as data: what each way of ending leaves of them, where claims are put, and that nothing hostile throws.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointsOf, tracesOn } from '../../../test/support/traces.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { parseTarget } from '../../model/target.ts';
import { wireText } from '../../model/text.ts';
import type { HttpFacts, RequestTrace, Span } from '../../model/trace.ts';
import type { TraceSpan } from '../span.ts';
import { spansOf } from '../spans.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];
const OWN = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const span = (startMs: number, durationMs: number, more: Partial<Span> = {}): Span => ({
  ...{ startMs, durationMs, clock: 'loop' },
  ...more,
});
const SPANS = {
  resolve: span(0, 5),
  connect: span(20, 10, { clock: 'kernel', uncertaintyMs: 0.01, retransmits: 1 }),
  tls: span(30, 20),
  send: span(50, 1),
  wait: span(51, 40),
  receive: span(91, 9),
  total: span(20, 80),
};

function answer(headers: readonly (readonly [string, string])[] = [], status = 200): HttpFacts {
  const [trace] = tracesOn(endpoint, [{ status, headers }]);
  return trace?.http as HttpFacts;
}

/** Spans of one sample by name. */
function spansWith(change: Partial<RequestTrace>, ids: Partial<typeof OWN> = OWN): Map<string, TraceSpan> {
  const [plain] = tracesOn(endpoint, [{}]) as [RequestTrace];
  const trace: RequestTrace = { ...plain, startMs: 20, spans: SPANS, http: answer(), ...ids, ...change };
  let minted = 0;
  const spans = spansOf({
    journey: {
      ...{ id: 'one', startedAt: '2026-11-21T12:00:00.000Z', endpoints: [endpoint] },
      target: parseTarget('https://kms.example/keys/1?token=word&empty=&flag'),
    },
    ride: { traces: [trace], lookups: [], certificates: new Map() },
    request: { method: 'GET', userAgent: 'test' },
    sampled: true,
    mint: () => ({ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) }),
    newSpanId: () => (++minted).toString(16).padStart(16, '0'),
  });
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(spans.every(({ startMs, endMs }) => startMs <= endMs)).toBe(true);
  return new Map(spans.map((each) => [each.name, each]));
}

test('a sample that went well: one trace, each phase below the root, the request as its header named it', () => {
  const spans = spansWith({});
  const times = [...spans.values()].map(({ name, startMs, endMs }) => [name, startMs, endMs]);
  expect(times).toEqual([
    ['outrider sample', 0, 100],
    ['DNS lookup', 0, 5],
    ['socket connect', 20, 30],
    ['TLS client handshake', 30, 50],
    ['GET', 50, 100],
  ]);
  const root = spans.get('outrider sample');
  expect(root?.parentSpanId).toBeNull();
  expect(spans.get('GET')).toMatchObject({
    ...{ ...OWN, kind: 'client', parentSpanId: root?.spanId, error: null },
    events: [
      { name: 'request sent', atMs: 51 },
      { name: 'first byte', atMs: 91 },
    ],
    attributes: { 'url.full': 'https://kms.example/keys/1?token=*&empty=*&flag', 'outrider.wait.duration_ms': 40 },
  });
  expect(spans.get('socket connect')?.attributes).toMatchObject({
    ...{ 'outrider.clock': 'kernel', 'outrider.uncertainty_ms': 0.01, 'outrider.retransmits': 1 },
    ...{ 'network.peer.address': endpoint.address, 'network.peer.port': 443, 'network.type': 'ipv4' },
  });
});

test('ids are made for a sample that carried none', () => {
  const spans = spansWith({}, {});
  expect(new Set([...spans.values()].map(({ traceId }) => traceId))).toEqual(new Set(['c'.repeat(32)]));
});

const { connect, tls, send } = SPANS;
test.each<[Problem, Partial<RequestTrace>, readonly [string, number, number, string | null][]]>([
  [
    problem('connect-timeout', 'connect'),
    { spans: {}, tls: null, http: null, endedAfterMs: 500 },
    [
      ['outrider sample', 20, 520, 'connect-timeout'],
      ['socket connect', 20, 520, 'connect-timeout'],
    ],
  ],
  [
    problem('tls-alert', 'tls', wireText('handshake\u001b failure')),
    { spans: { connect }, tls: null, http: null, endedAfterMs: 30 },
    [
      ['outrider sample', 20, 50, 'tls-alert'],
      ['socket connect', 20, 30, null],
      ['TLS client handshake', 30, 50, 'tls-alert'],
    ],
  ],
  [
    problem('wait-timeout', 'wait'),
    { spans: { connect, tls, send }, http: null, endedAfterMs: 1000 },
    [
      ['outrider sample', 20, 1020, 'wait-timeout'],
      ['socket connect', 20, 30, null],
      ['TLS client handshake', 30, 50, null],
      ['GET', 50, 1020, 'wait-timeout'],
    ],
  ],
  [
    problem('cancelled', 'wait'),
    { spans: { connect, tls, send }, http: null, cutAfterMs: 70 },
    [
      ['outrider sample', 20, 90, 'cancelled'],
      ['socket connect', 20, 30, null],
      ['TLS client handshake', 30, 50, null],
      ['GET', 50, 90, 'cancelled'],
    ],
  ],
])('$code', (failed, change, expected) => {
  const spans = [...spansWith({ problem: failed, ...change }).values()];
  const told = spans.map(({ name, startMs, endMs, attributes }) => [
    name,
    startMs,
    endMs,
    attributes['error.type'] ?? null,
  ]);
  expect(told).toEqual(expected);
  for (const { error, attributes } of spans) {
    expect(error === null).toBe(attributes['error.type'] === undefined);
    expect(error ?? '').not.toContain('\u001b');
  }
});

test('an error status is an error of the request, without words', () => {
  const spans = spansWith({ http: answer([], 503) });
  expect(spans.get('GET')).toMatchObject({ error: '', attributes: { 'error.type': '503' } });
  expect(spans.get('outrider sample')).toMatchObject({ error: '', attributes: { 'error.type': '503' } });
});

describe('Server-Timing', () => {
  test.each([
    ['db;dur=10', [['Server-Timing db', 66, 76]]],
    // Longer than the wait: it cannot have begun earlier, and no span ends after its request.
    ['slow;dur=500', [['Server-Timing slow', 51, 100]]],
    ['cache;desc=hit, app;dur=40', [['Server-Timing app', 51, 91]]],
  ])('%s', (value, expected) => {
    const spans = spansWith({ http: answer([['server-timing', value]]) });
    const parts = [...spans.values()].filter(({ name }) => name.startsWith('Server-Timing'));
    expect(parts.map(({ name, startMs, endMs }) => [name, startMs, endMs])).toEqual(expected);
    for (const { parentSpanId } of parts) expect(parentSpanId).toBe(OWN.spanId);
  });
});

test.each([
  ['traceresponse', `00-${'e'.repeat(32)}-${'f'.repeat(16)}-01`, 1],
  ['traceparent', `00-${'e'.repeat(32)}-${'f'.repeat(16)}-00`, 1],
  ['traceresponse', `00-${OWN.traceId}-${'f'.repeat(16)}-01`, 0],
  ['traceresponse', 'nonsense', 0],
])('%s: %s links %d', (name, value, links) => {
  const request = spansWith({ http: answer([[name, value]]) }).get('GET');
  expect(request?.links).toEqual(links === 0 ? [] : [{ traceId: 'e'.repeat(32), spanId: 'f'.repeat(16) }]);
  expect(request?.attributes[`http.response.header.${name}`]).toEqual([value]);
});

test('of the header only fields that name layers and requests leave, and nothing hostile throws', () => {
  const names = ['set-cookie', 'location', 'x-anything', 'server', 'server-timing', 'traceresponse', 'via'];
  const header = fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 2000, unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(header, { maxLength: 80 }), (headers) => {
      const spans = [...spansWith({ http: answer(headers) }).values()];
      expect(spans.length).toBeLessThan(40);
      for (const { attributes, name } of spans) {
        for (const left of ['set-cookie', 'location', 'x-anything'])
          expect(attributes).not.toHaveProperty([`http.response.header.${left}`]);
        // oxlint-disable-next-line no-control-regex -- controls are what it is for
        for (const text of [name, ...Object.values(attributes).flat()])
          expect(String(text)).not.toMatch(/[\u0000-\u001f\u202e]/);
        expect(JSON.stringify(attributes).length).toBeLessThan(100_000);
      }
    }),
  );
});
