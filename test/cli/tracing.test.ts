// Traces of the samples, through the real command line: a service joins them, a receiver takes them, a browser's archive holds them, and no
// secret is in any of it.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import { readTraceparent, type TraceContext } from '../../src/model/trace-context.ts';
import { captureIo, runCli, runInside } from '../support/cli.ts';
import { attributesOf, spansIn, startOtlpReceiver } from '../support/otlp-receiver.ts';

const CANARY = 'canary-7d1e4a90c2';
let world: World;
let folder: string;
/** What the service of the test saw of each request, by the ids it was given. */
const joined: TraceContext[] = [];
/** Says back everything it is sent, and which span of its own it made. */
const service = createServer((request, response) => {
  const context = readTraceparent(String(request.headers['traceparent'] ?? ''));
  if (context !== null) joined.push(context);
  response.writeHead(200, {
    'content-type': 'application/json',
    'server-timing': 'app;dur=1.5, db;dur=0.5',
    'set-cookie': `session=${CANARY}-cookie`,
    'x-echo': request.headers.authorization ?? 'none',
    ...(context === null ? {} : { traceresponse: `00-${context.traceId}-00f067aa0ba902b7-01` }),
  });
  response.end(JSON.stringify(request.headers));
});
let target: string;
beforeAll(async () => {
  [world, folder] = await Promise.all([startWorld(healthyScript), mkdtemp(join(tmpdir(), 'outrider-tracing-'))]);
  await once(service.listen(0, '127.0.0.1'), 'listening');
  target = `http://127.0.0.1:${(service.address() as AddressInfo).port}/orders?key=${CANARY}`;
});
afterAll(async () => {
  service.closeAllConnections();
  await Promise.all([world.close(), rm(folder, { recursive: true }), new Promise((done) => service.close(done))]);
});

const LAYERS = ['--only', 'layers', '--rate', '200'];

test('the spans of every sample reach the receiver, and those of the service hang below them', async () => {
  await using receiver = await startOtlpReceiver();
  joined.length = 0;
  const { exit, err } = await runCli([target, '-n', '3', ...LAYERS, '--otlp', receiver.url, '--fail-on', 'never']);
  expect([exit, err, receiver.faults]).toEqual([0, '', []]);
  expect(receiver.heads.map(({ path }) => path)).toEqual(['/v1/traces']);
  const spans = spansIn(receiver.requests);
  const clients = spans.filter(({ kind }) => kind === 3);
  expect(clients.map(({ traceId, spanId }) => ({ traceId, spanId, sampled: true })).toSorted(byTrace)).toEqual(
    joined.toSorted(byTrace),
  );
  expect(clients).toHaveLength(3);
  const ids = new Map(spans.map((span) => [span.spanId, span]));
  expect(ids.size).toBe(spans.length);
  for (const { parentSpanId, traceId, startTimeUnixNano, endTimeUnixNano } of spans) {
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
    if (parentSpanId !== undefined) expect(ids.get(parentSpanId)?.traceId).toBe(traceId);
  }
  const [client] = clients;
  expect(attributesOf(client?.attributes ?? [])).toMatchObject({
    ...{ 'http.request.method': 'GET', 'http.response.status_code': 200, 'server.address': '127.0.0.1' },
    ...{ 'url.full': `${new URL(target).origin}/orders?key=*`, 'network.protocol.version': '1.1' },
    'http.response.header.traceresponse': [`00-${client?.traceId}-00f067aa0ba902b7-01`],
  });
  const below = spans.filter(({ parentSpanId }) => parentSpanId === client?.spanId).map(({ name }) => name);
  expect(below).toEqual(['Server-Timing app', 'Server-Timing db']);
});

const byTrace = (a: { traceId: string }, b: { traceId: string }): number => (a.traceId < b.traceId ? -1 : 1);

test('a journey through DNS and TLS has a span for each, in the time of the journey', async () => {
  await using receiver = await startOtlpReceiver();
  const io = captureIo({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/base/`,
      OTEL_SERVICE_NAME: 'night watch',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    },
  });
  const began = Date.now();
  const { err } = await runInside(world, ['kms.example', '-n', '2', ...LAYERS, '--otlp', 'env'], io);
  expect([err, receiver.faults, receiver.heads[0]?.path]).toEqual(['', [], '/base/v1/traces']);
  expect(receiver.heads[0]?.headers['content-encoding']).toBe('gzip');
  const spans = spansIn(receiver.requests);
  const names = Map.groupBy(spans, ({ name }) => name);
  for (const name of ['outrider sample', 'DNS lookup', 'socket connect', 'TLS client handshake', 'GET'])
    expect([name, names.get(name)?.length]).toEqual([name, 6]);
  const attributes = attributesOf(receiver.requests[0]?.resourceSpans[0]?.resource.attributes ?? []);
  expect(attributes).toMatchObject({ 'service.name': 'night watch', 'outrider.journey.verdict': 'ok' });
  expect(attributesOf(names.get('TLS client handshake')?.[0]?.attributes ?? [])).toMatchObject({
    ...{ 'tls.protocol.name': 'tls', 'tls.protocol.version': '1.3', 'tls.established': true },
  });
  for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
    expect(Number(BigInt(startTimeUnixNano) / 1_000_000n)).toBeGreaterThanOrEqual(began - 1);
    expect(Number(BigInt(endTimeUnixNano) / 1_000_000n)).toBeLessThanOrEqual(Date.now() + 1);
  }
});

test('a variable alone sends nothing, and a receiver that is down changes no verdict', async () => {
  await using receiver = await startOtlpReceiver([[400, {}, `no ${CANARY}`]]);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_HEADERS: `x-key=${CANARY}` };
  const ran = await runCli([target, '-n', '1', ...LAYERS], captureIo({ env }));
  expect(receiver.heads).toEqual([]);
  const told = await runCli([target, '-n', '1', ...LAYERS, '--otlp', receiver.url], captureIo({ env }));
  expect(told.exit).toBe(ran.exit);
  expect(told.err).toMatch(
    /^probe: --otlp: 127\.0\.0\.1:\d+: HTTP 400, "no \[masked\]"\nprobe: --otlp: 5 of 5 spans did not get there\n$/,
  );
  expect(receiver.heads[0]?.headers['x-key']).toBe(CANARY);
});

test.each([
  [['--no-traceparent'], []],
  [['--no-traceparent', '--trace-header', 'amzn'], ['x-amzn-trace-id']],
  [
    ['--trace-header', 'amzn'],
    ['traceparent', 'x-amzn-trace-id'],
  ],
  [['--no-trace-sampled'], ['traceparent']],
])('%j sends %j', async (options, names) => {
  const heads: Record<string, string | string[] | undefined>[] = [];
  const listening = (request: { headers: Record<string, string | string[] | undefined> }) =>
    heads.push(request.headers);
  service.on('request', listening);
  await runCli([target, '-n', '1', ...LAYERS, ...options]);
  service.off('request', listening);
  const sent = Object.keys(heads[0] ?? {}).filter((name) => name.startsWith('trace') || name.startsWith('x-amzn'));
  expect(sent).toEqual(names);
  const flags = String(heads[0]?.['traceparent'] ?? '').slice(-2);
  expect(flags).toBe(names.includes('traceparent') ? (options.includes('--no-trace-sampled') ? '00' : '01') : '');
});

test('no secret leaves through spans, archive or journey, though the service says all of it back', async () => {
  await using receiver = await startOtlpReceiver();
  const har = join(folder, 'secret.har');
  const env = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Basic%20${CANARY}-receiver` };
  const options = ['-H', `Authorization: Bearer ${CANARY}-bearer`, '-H', `X-Api-Key: ${CANARY}-key`, '-n', '2'];
  const ways = ['--otlp', receiver.url, '--har', har, '-f', 'json', '--insecure'];
  const { out, err } = await runCli(
    [target.replace(CANARY, 'plain'), ...options, ...LAYERS, ...ways],
    captureIo({ env }),
  );
  expect(receiver.heads[0]?.headers.authorization).toBe(`Basic ${CANARY}-receiver`);
  const written = await readFile(har, 'utf8');
  const all = [out, err, written, ...receiver.heads.map(({ text }) => text)];
  for (const text of all) expect(text).not.toContain(CANARY);
  expect(written).toContain('[secret header Authorization]');
});

test('samples beyond the ride are told as its own are, without the cookie that they carry back', async () => {
  await using receiver = await startOtlpReceiver();
  let asked = 0;
  const several = createServer((request, response) => {
    const cookie = `AWSALB=${CANARY}-${'x'.repeat(8)}; Path=/`;
    response.writeHead(200, {
      'x-served-by': `host-${asked++ % 3}`,
      'set-cookie': cookie,
      via: request.headers.cookie ?? 'none',
    });
    response.end(request.headers.cookie ?? 'none');
  });
  await once(several.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(several.address() as AddressInfo).port}/`;
  const har = join(folder, 'beyond.har');
  const ways = ['--infer', '--only', 'hosts', '-n', '12', '--rate', '200', '--otlp', receiver.url, '--har', har];
  await runCli([url, ...ways]);
  several.closeAllConnections();
  await new Promise((done) => several.close(done));
  const roots = spansIn(receiver.requests).filter(({ name }) => name === 'outrider sample');
  expect(receiver.faults).toEqual([]);
  expect(asked).toBeGreaterThan(12);
  expect(roots).toHaveLength(asked);
  const numbers = roots.map(({ attributes }) => attributesOf(attributes)['outrider.sample.sequence']);
  expect(new Set(numbers).size).toBe(asked);
  const written = await readFile(har, 'utf8');
  expect((JSON.parse(written) as { log: { entries: unknown[] } }).log.entries).toHaveLength(asked);
  for (const text of [written, ...receiver.heads.map(({ text: sent }) => sent)]) {
    expect(text).toContain('[secret cookie]');
    expect(text).not.toContain(CANARY);
  }
});

test('what --plan says of it, and what cannot be used', async () => {
  const plan = await runCli([
    target,
    '--plan',
    '--otlp',
    'https://name:word@otlp.example/x?k=v',
    '--har',
    join(folder, 'x'),
  ]);
  expect(plan.out).toContain('otlp: the spans of each sample and step to otlp.example\n');
  await expect(readFile(join(folder, 'x'))).rejects.toThrow('ENOENT');
  for (const [args, env, words] of [
    [['--otlp', 'localhost:4317'], {}, '--otlp: not an http(s) URL'],
    [['--otlp', 'env'], { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'grpc, which is not spoken here'],
    [['--otlp', 'env'], { OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' }, 'not a number of milliseconds'],
    [['--otlp', 'env'], { OTEL_EXPORTER_OTLP_COMPRESSION: 'zip' }, 'not gzip or none'],
    [['--otlp', 'env'], { OTEL_EXPORTER_OTLP_HEADERS: `a b=${CANARY}` }, 'not of the form name=value'],
    [['--otlp', 'env'], { OTEL_EXPORTER_OTLP_HEADERS: `a=${CANARY}%0d` }, 'characters that HTTP forbids'],
    [['--otlp', 'env'], { OTEL_RESOURCE_ATTRIBUTES: 'a=%' }, 'not percent-coded'],
    [['--otlp', 'env'], { OTEL_EXPORTER_OTLP_CERTIFICATE: '/nonexistent' }, 'cannot read /nonexistent'],
    [['--har', '/nonexistent/x.har'], {}, '--har: cannot write /nonexistent/x.har'],
  ] as const) {
    const ran = await runCli([target, ...args], captureIo({ env }));
    expect([ran.exit, ran.err.includes(words) || ran.err]).toEqual([64, true]);
    expect(ran.err).not.toContain(CANARY);
  }
});
