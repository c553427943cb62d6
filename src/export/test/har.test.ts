// Owns the tests of the HTTP archive: that it is one by the schema of HAR 1.2, what Chrome's importer sums up, and what is masked.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultsOfHar } from '../../../test/support/har-schema.ts';
import { endpointsOf, type TraceScript, tracesOn } from '../../../test/support/traces.ts';
import { problem } from '../../model/problem.ts';
import { parseTarget } from '../../model/target.ts';
import type { RequestTrace } from '../../model/trace.ts';
import { renderHar } from '../har.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

interface Entry {
  readonly time: number;
  readonly startedDateTime: string;
  readonly timings: Readonly<Record<string, number>>;
  readonly request: { readonly headers: readonly { readonly name: string; readonly value: string }[] };
  readonly response: {
    readonly status: number;
    readonly headers: readonly { readonly name: string; readonly value: string }[];
    readonly content: { readonly text?: string; readonly size: number };
  };
  readonly _error?: string;
}

function entriesOf(scripts: readonly TraceScript[], change: Partial<RequestTrace> = {}): readonly Entry[] {
  const traces = tracesOn(endpoint, scripts).map((trace) => ({ ...trace, ...change }));
  const text = renderHar({
    journey: {
      ...{ id: 'one', startedAt: '2026-11-21T12:00:00.000Z', endpoints: [endpoint] },
      target: parseTarget('https://kms.example/keys?a=1&b=%20x'),
    },
    ride: { traces, lookups: [], certificates: new Map() },
    version: '1',
    request: {
      ...{ method: 'GET', bodyBytes: 0, traced: ['traceparent', 'amzn'], sampled: true },
      headers: [
        ['host', 'kms.example'],
        ['authorization', '[secret header authorization]'],
      ],
    },
  });
  const har = JSON.parse(text) as { readonly log: { readonly entries: readonly Entry[] } };
  expect(faultsOfHar(har)).toBeNull();
  return har.log.entries;
}

const span = (startMs: number, durationMs: number) => ({ startMs, durationMs, clock: 'loop' as const });
const SPANS = {
  ...{ resolve: span(0, 5), connect: span(20, 10), tls: span(30, 20), send: span(50, 1), wait: span(51, 40) },
  receive: span(91, 9.12345),
};

test('timings are those of the sample: TLS is part of connect, and the sum is the time', () => {
  const [entry] = entriesOf([{}], { spans: SPANS, startMs: 20 });
  expect(entry?.timings).toMatchObject({
    dns: 5,
    connect: 30,
    ssl: 20,
    send: 1,
    wait: 40,
    receive: 9.123,
    blocked: -1,
  });
  expect(entry?.time).toBeCloseTo(85.123, 3);
  expect(entry?.startedDateTime).toBe('2026-11-21T12:00:00.015Z');
});

test('a sample without an answer has a status of 0 and says why', () => {
  const [entry] = entriesOf([{ problem: problem('refused', 'connect') }]);
  expect(entry).toMatchObject({ response: { status: 0 }, _error: 'refused: connection refused', time: 0 });
});

test('the trace headers are those that were sent; cookies are masked; a coded body is left out', () => {
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const headers = [
    ['Set-Cookie', 'session=word'],
    ['content-encoding', 'gzip'],
  ] as const;
  const [entry] = entriesOf([{ headers, body: '\u001f\u008b' }], ids);
  expect(entry?.request.headers.map(({ name }) => name)).toEqual([
    'host',
    'authorization',
    'traceparent',
    'X-Amzn-Trace-Id',
  ]);
  expect(entry?.response.headers[0]).toEqual({ name: 'Set-Cookie', value: '[masked]' });
  expect(entry?.response.content.text).toBeUndefined();
});

test('whatever a server sends, it is an archive', () => {
  const text = fc.string({ unit: 'binary', maxLength: 100 });
  const name = fc.oneof(text, fc.constantFrom('location', 'content-type', 'set-cookie'));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text), { maxLength: 20 }), text, (headers, body) => {
      const [entry] = entriesOf([{ headers, body }]);
      expect(entry?.response.headers).toHaveLength(headers.length);
    }),
    { numRuns: 30 },
  );
});
