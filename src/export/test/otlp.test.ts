// Owns the tests of the OTLP client: what the receiver gets, by the official definitions, and what is tried again, told and kept secret.
import fc from 'fast-check';
import nock from 'nock';
import { expect, test } from 'vitest';
import { everyReplyWanted, offline } from '../../../test/support/offline.ts';
import { attributesOf, decodeTraceRequest, spansIn } from '../../../test/support/otlp-receiver.ts';
import type { AttributeValue, TraceSpan } from '../../trace/span.ts';
import type { DeliverOptions } from '../deliver.ts';
import { exportSpans } from '../otlp.ts';
import { otlpRequests } from '../otlp-json.ts';

const HOST = 'https://otlp.example';
const CANARY = 'canary-0b9c77aa';
const options: DeliverOptions = { caPem: null, timeoutMs: 2000, pauseMs: 1, signal: new AbortController().signal };
const receiver = { url: `${HOST}/v1/traces`, headers: { 'x-key': CANARY }, gzip: false };
const STARTED_MS = Date.parse('2026-11-21T12:00:00Z');
const resource = { attributes: { 'service.name': 'outrider' }, version: '1', startedAtMs: STARTED_MS };

offline();
everyReplyWanted();

const spanOf = (trace: number, more: Partial<TraceSpan> = {}): TraceSpan => ({
  ...{ traceId: trace.toString(16).padStart(32, '0'), spanId: '00f067aa0ba902b7', parentSpanId: null, name: 'GET' },
  ...{
    kind: 'client',
    startMs: 1.5,
    endMs: 2.000001,
    attributes: {},
    events: [],
    links: [],
    error: null,
    sampled: true,
  },
  ...more,
});
const spans = (count: number, perTrace = 5): readonly TraceSpan[] =>
  Array.from({ length: count }, (_, at) => spanOf(1 + Math.floor(at / perTrace)));

const take = (status = 200, body: string | object = {}, headers = {}): nock.Scope =>
  nock(HOST, { reqheaders: { 'x-key': CANARY, 'content-type': 'application/json' } })
    .post('/v1/traces')
    .reply(status, body, headers);

const send = (list: readonly TraceSpan[], change: Partial<DeliverOptions> = {}) =>
  exportSpans(list, resource, receiver, { ...options, ...change });

test.each([429, 502, 503, 504])('%d is tried again', async (status) => {
  take(status, 'later');
  take();
  expect(await send(spans(5))).toEqual({ traces: 1, spans: 5, failures: [] });
});

test.each([400, 401, 404, 413, 500, 501])('%d is not tried again, and told', async (status) => {
  take(status, `no ${CANARY}\u001b[2J`);
  const failures = [`otlp.example: HTTP ${status}, "no [masked]\\x1b[2J"`, '5 of 5 spans did not get there'];
  expect(await send(spans(5))).toEqual({ traces: 1, spans: 0, failures });
});

test('Retry-After is waited for', async () => {
  take(503, '', { 'retry-after': '1' });
  take();
  const began = performance.now();
  expect((await send(spans(1))).failures).toEqual([]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(950);
});

test('a receiver that is down is given up after four tries, and not asked for the next batch', async () => {
  for (let tried = 0; tried < 4; tried++) take(503, '');
  const { failures } = await send(spans(2000));
  expect(failures).toEqual(['otlp.example: HTTP 503 (4 tries)', '2000 of 2000 spans did not get there']);
});

test.each([
  [
    { partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } },
    3,
    ['otlp.example: refused 2 spans, "too old"'],
  ],
  [{ partialSuccess: { rejectedSpans: 2 } }, 3, ['otlp.example: refused 2 spans']],
  [{ partialSuccess: { errorMessage: 'soon\u001b gone' } }, 5, ['otlp.example: a warning, "soon\\x1b gone"']],
  [{ partialSuccess: { rejectedSpans: '-1' } }, 5, []],
  [{ partialSuccess: { rejectedSpans: '99' } }, 0, ['otlp.example: refused 99 spans']],
  [{ partialSuccess: null }, 5, []],
  ['{"partialSuccess": not JSON', 5, []],
  ['null', 5, []],
  ['', 5, []],
])('an answer of %j leaves %d spans', async (answer, left, failures) => {
  take(200, answer);
  expect(await send(spans(5))).toEqual({ traces: 1, spans: left, failures });
});

test('batches are bounded, and a trace is not torn where it fits', () => {
  const requests = [...otlpRequests(spans(1200), resource)];
  expect(requests.map((request) => request.spans)).toEqual([510, 510, 180]);
  const torn = [...otlpRequests(spans(1200, 1200), resource)];
  expect(torn.map((request) => request.spans)).toEqual([512, 512, 176]);
  expect([...otlpRequests([], resource)]).toEqual([]);
});

test('whatever a span holds is what the official definitions read', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
  const text = fc.string({ unit: 'grapheme', maxLength: 20 });
  const value: fc.Arbitrary<AttributeValue> = fc.oneof(
    text,
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.array(text, { minLength: 1, maxLength: 3 }),
  );
  const span = fc.record({
    ...{
      traceId: hex(32),
      spanId: hex(16),
      parentSpanId: fc.option(hex(16)),
      name: text.filter((name) => name !== ''),
    },
    kind: fc.constantFrom('internal', 'client'),
    startMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    endMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    attributes: fc.dictionary(text, value, { maxKeys: 5 }),
    events: fc.array(
      fc.record({ name: fc.constant('first byte'), atMs: fc.double({ min: 0, max: 1e9, noNaN: true }) }),
    ),
    links: fc.array(fc.record({ traceId: hex(32), spanId: hex(16) })),
    error: fc.option(text),
    sampled: fc.boolean(),
  }) as fc.Arbitrary<TraceSpan>;
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 3 }), (list) => {
      const [request] = [...otlpRequests(list, resource)];
      const { decoded } = decodeTraceRequest(request?.body ?? '');
      for (const [at, read] of spansIn([decoded]).entries()) {
        const given = list[at] as TraceSpan;
        expect(attributesOf(read.attributes)).toEqual({ ...given.attributes });
        const { traceId, spanId, name } = given;
        expect(read).toMatchObject({ traceId, spanId, name });
        expect(read.parentSpanId ?? null).toBe(given.parentSpanId);
        expect(read.status?.code ?? 0).toBe(given.error === null ? 0 : 2);
        const startMs = Number(BigInt(read.startTimeUnixNano) - BigInt(STARTED_MS) * 1_000_000n) / 1e6;
        expect(startMs).toBeCloseTo(given.startMs, 5);
        expect(BigInt(read.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(read.startTimeUnixNano));
      }
    }),
    { numRuns: 60 },
  );
});
