// Traces of the steps of a journey file, through the real command line: what a receiver of OTLP gets of rounds, steps and redirects, and
// that nothing secret is in any of it, though the service says all of it back.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readTraceparent, type TraceContext } from '../../src/model/trace-context.ts';
import { captureIo, runCli } from '../support/cli.ts';
import { faultsOfHar } from '../support/har-schema.ts';
import {
  attributesOf,
  type OtlpReceiver,
  spansIn,
  startOtlpReceiver,
  type WireSpan,
} from '../support/otlp-receiver.ts';

const CANARY = 'canary-5b2f90c7ae';
const env = { SECRET: `${CANARY}-given` };
let folder: string;
let origin: string;
const joined: TraceContext[] = [];

/** A login that redirects, gives a cookie and a token, and says back what it is sent. */
const service = createServer((request, response) => {
  const context = readTraceparent(String(request.headers['traceparent'] ?? ''));
  if (context !== null) joined.push(context);
  const { pathname } = new URL(request.url ?? '/', origin);
  response.setHeader('x-echo', JSON.stringify(request.headers));
  response.setHeader('server', request.headers.authorization ?? 'plain');
  response.setHeader('server-timing', 'db;dur=0.5');
  if (pathname === '/login')
    return response
      .writeHead(303, { location: `/welcome?code=${CANARY}-code`, 'set-cookie': `session=${CANARY}-cookie` })
      .end();
  if (pathname === '/gone') return request.socket.destroy();
  return response.end(JSON.stringify({ token: `${CANARY}-token`, id: `${CANARY}-id`, other: `${CANARY}-other` }));
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-step-tracing-'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
beforeEach(() => {
  joined.length = 0;
});
afterAll(async () => {
  service.closeAllConnections();
  await Promise.all([rm(folder, { recursive: true }), new Promise((done) => service.close(done))]);
});

const STEPS = `steps:
  - name: login
    url: /login?user=${CANARY}-query
    form: { password: '\${SECRET}' }
    capture: { token: { json: $.token }, id: { json: $.id } }
  - name: order
    url: '/orders/{{id}}?key={{token}}'
    headers: { authorization: 'Bearer {{token}}', x-key: '\${SECRET}' }
`;
const GONE = `steps:
  - { name: gone, url: /gone }
  - { name: after, url: /after }
`;

async function ride(steps: string, ...options: readonly string[]) {
  const file = join(folder, 'journey.yaml');
  await writeFile(file, `target: ${origin}/\n${steps}`);
  return runCli(
    ['--journey', file, '--only', 'steps', '-n', '1', '--fail-on', 'never', ...options],
    captureIo({ env }),
  );
}

/** Without those of the samples. */
function stepSpans({ requests }: Pick<OtlpReceiver, 'requests'>): readonly WireSpan[] {
  const spans = spansIn(requests);
  const traces = new Set(spans.filter(({ name }) => name === 'outrider steps').map(({ traceId }) => traceId));
  return spans.filter(({ traceId }) => traces.has(traceId));
}

/** Each span under its parent, as an outline. */
function outline(spans: readonly WireSpan[], parent?: string, depth = 0): readonly string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .flatMap(({ name, kind, spanId }) => [
      `${'  '.repeat(depth)}${name}${kind === 3 ? ' CLIENT' : ''}`,
      ...outline(spans, spanId, depth + 1),
    ]);
}

const ROUND = [
  'outrider steps',
  '  step login',
  '    socket connect',
  '    POST CLIENT',
  '      Server-Timing db',
  '    GET CLIENT',
  '      Server-Timing db',
  '  step order',
  '    GET CLIENT',
  '      Server-Timing db',
];

test('each round of steps is one trace: a span a step, below it each exchange, which the service joins', async () => {
  await using receiver = await startOtlpReceiver();
  const { err, exit } = await ride(`${STEPS}repeat: 2\nevery: 1ms\n`, '--otlp', receiver.url);
  expect([exit, err, receiver.faults]).toEqual([0, '', []]);
  const spans = stepSpans(receiver);
  const rounds = Map.groupBy(spans, ({ traceId }) => traceId);
  expect([...rounds.values()].map((round) => outline(round))).toEqual([ROUND, ROUND]);
  const clients = spans.filter(({ kind }) => kind === 3);
  expect(clients.map(({ traceId, spanId }) => ({ traceId, spanId, sampled: true }))).toEqual(
    joined.filter(({ traceId }) => rounds.has(traceId)),
  );
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(spans.length);
  for (const { parentSpanId = '', startTimeUnixNano, endTimeUnixNano } of spans) {
    const parent = byId.get(parentSpanId);
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(parent?.startTimeUnixNano ?? 0));
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  }
  expect(clients.slice(0, 3).map(({ attributes }) => attributesOf(attributes))).toMatchObject([
    {
      ...{ 'http.request.method': 'POST', 'http.response.status_code': 303, 'url.full': `${origin}/login?user=*` },
      ...{ 'server.address': '127.0.0.1', 'url.scheme': 'http', 'network.peer.address': '127.0.0.1' },
    },
    { 'http.request.method': 'GET', 'http.request.resend_count': 1, 'url.full': `${origin}/welcome?code=*` },
    { 'http.request.method': 'GET', 'url.full': `${origin}/orders/%7B%7Bid%7D%7D?key=*` },
  ]);
});

test('a step that failed says so, and so does its round; one that was skipped has no span', async () => {
  await using receiver = await startOtlpReceiver();
  await ride(GONE, '--otlp', receiver.url);
  expect(receiver.faults).toEqual([]);
  const spans = stepSpans(receiver);
  expect(outline(spans)).toEqual(['outrider steps', '  step gone', '    socket connect', '    GET CLIENT']);
  for (const name of ['outrider steps', 'step gone', 'GET'])
    expect([name, spans.find((span) => span.name === name)?.status?.code]).toEqual([name, 2]);
});

interface Archive {
  readonly pages: readonly { readonly id: string; readonly title: string; readonly startedDateTime: string }[];
  readonly entries: readonly {
    readonly pageref: string;
    readonly request: { readonly method: string; readonly url: string; readonly headers: readonly object[] };
    readonly response: { readonly status: number; readonly redirectURL: string; readonly content: { text?: string } };
    readonly _traceId?: string;
  }[];
}

/** Of the steps alone. */
async function archiveOf(file: string): Promise<Archive & { readonly text: string }> {
  const { log } = JSON.parse(await readFile(file, 'utf8')) as { readonly log: Archive };
  expect(faultsOfHar({ log })).toBeNull();
  const isOfStep = (page: string): boolean => page.startsWith('step ');
  const pages = log.pages.filter(({ id }) => isOfStep(id));
  const entries = log.entries.filter(({ pageref }) => isOfStep(pageref));
  return { pages, entries, text: JSON.stringify({ pages, entries }) };
}

test('the archive has a page a step and round, and the exchanges in order', async () => {
  const file = join(folder, 'steps.har');
  await ride(`${STEPS}repeat: 2\nevery: 1ms\n`, '--har', file);
  const { pages, entries } = await archiveOf(file);
  expect(pages.map(({ title }) => title)).toEqual([
    'step login, round 1 (passed)',
    'step order, round 1 (passed)',
    'step login, round 2 (passed)',
    'step order, round 2 (passed)',
  ]);
  const shown = entries.map(({ pageref, request: { method, url }, response: { status, redirectURL } }) =>
    [pageref, method, url.slice(origin.length), status, redirectURL.slice(origin.length)].join(' ').trim(),
  );
  const round = (first: number): readonly string[] => [
    `step ${first} POST /login?user=* 303 /welcome?code=*`,
    `step ${first} GET /welcome?code=* 200`,
    `step ${first + 1} GET /orders/%7B%7Bid%7D%7D?key=* 200`,
  ];
  expect(shown).toEqual([...round(1), ...round(3)]);
  expect(entries.map(({ _traceId }) => _traceId)).toEqual(joined.slice(1).map(({ traceId }) => traceId));
});

test('a step that failed is told in the archive', async () => {
  const file = join(folder, 'gone.har');
  await ride(GONE, '--har', file);
  const { pages, text } = await archiveOf(file);
  expect(pages.map(({ title }) => title)).toEqual([expect.stringMatching(/^step gone, round 1 \(failed: /)]);
  expect(text).toContain('"_error":"closed');
});

test('no secret, capture, cookie or query leaves through spans or archive', async () => {
  await using receiver = await startOtlpReceiver();
  const har = join(folder, 'secret.har');
  await ride(STEPS, '--otlp', receiver.url, '--har', har);
  const written = (await archiveOf(har)).text;
  expect(written).toContain('Bearer [secret');
  expect(written).not.toContain(CANARY);
  expect(stepSpans(receiver)).toHaveLength(ROUND.length);
  const all = receiver.heads.map(({ text }) => text).join('\n');
  expect(all).toContain('Bearer [secret');
  expect(all).not.toContain(CANARY);
});
