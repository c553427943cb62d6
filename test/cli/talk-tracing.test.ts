// Traces of the steps that talk, through the real command line: a WebSocket and a health check are in the trace of their round, and span,
// archive and what the service was sent have the same ids.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createH2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { captureIo, runCli } from '../support/cli.ts';
import { faultsOfHar } from '../support/har-schema.ts';
import { attributesOf, spansIn, startOtlpReceiver } from '../support/otlp-receiver.ts';

const CANARY = 'canary-of-the-talk';
const env = { SECRET: CANARY };
let folder: string;
let ports: { readonly web: number; readonly grpc: number; readonly lines: number };
const heads: IncomingHttpHeaders[] = [];

const web = createServer((request, response) => {
  heads.push(request.headers);
  response.end('{"topic":"keys"}');
});
new WebSocketServer({ server: web }).on('connection', (socket, { headers }) => {
  heads.push(headers);
  socket.on('message', (data) => socket.send(`echo ${String(data as Buffer)}`));
});
const grpc = createH2Server().on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
  heads.push(headers);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  // A frame of 5 bytes, then field 1: SERVING.
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
});
const lines = createTcpServer((socket) => socket.on('error', () => undefined).end('220 ready\r\n'));
const servers = [web, grpc as unknown as Server, lines];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-talk-tracing-'));
  const [first = 0, second = 0, third = 0] = await Promise.all(
    servers.map(async (server) => {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  ports = { web: first, grpc: second, lines: third };
});
beforeEach(() => {
  heads.length = 0;
});
afterAll(async () => {
  web.closeAllConnections();
  await Promise.all([
    rm(folder, { recursive: true }),
    ...servers.map((server) => new Promise((done) => server.close(done))),
  ]);
});

async function ride(headers: object, ...options: readonly string[]) {
  const file = join(folder, 'journey.yaml');
  const steps = [
    { name: 'page', url: '/' },
    {
      ...{ name: 'updates', url: `ws://127.0.0.1:${ports.web}/updates?key=${CANARY}` },
      ...{ headers: { 'X-Key': '${SECRET}', ...headers }, websocket: { send: 'hello', expect: '^echo hello$' } },
    },
    { name: 'health', url: `grpc://127.0.0.1:${ports.grpc}`, headers, grpcHealth: { service: 'kms' } },
    { name: 'banner', url: `tcp://127.0.0.1:${ports.lines}`, lines: [{ expect: '^220' }] },
  ];
  await writeFile(file, JSON.stringify({ target: `http://127.0.0.1:${ports.web}/`, steps }));
  const wanted = ['--journey', file, '--only', 'steps', '-n', '1', '--fail-on', 'never', ...options];
  const done = await runCli(wanted, captureIo({ env }));
  expect([done.exit, done.err]).toEqual([0, '']);
  // The first is the sample of the ride.
  return heads.slice(1).map((head) => ({ traceparent: head['traceparent'], amzn: head['x-amzn-trace-id'] }));
}

interface Entry {
  readonly pageref: string;
  readonly request: { readonly method: string; readonly url: string; readonly httpVersion: string };
  readonly response: { readonly status: number };
  readonly _resourceType?: string;
  readonly _traceId?: string;
  readonly _spanId?: string;
}

test('page, WebSocket and health check are one trace, with the same ids at the service, in the spans and in the archive', async () => {
  await using receiver = await startOtlpReceiver();
  const har = join(folder, 'talks.har');
  const sent = await ride({}, '--otlp', receiver.url, '--har', har);
  expect(receiver.faults).toEqual([]);
  const spans = spansIn(receiver.requests);
  const steps = spans.filter(({ name }) => name.startsWith('step '));
  expect(steps.map(({ name }) => name)).toEqual(['step page', 'step updates', 'step health', 'step banner']);
  expect(new Set(steps.map(({ traceId }) => traceId)).size).toBe(1);
  const clients = steps.flatMap(({ spanId }) =>
    spans.filter(({ parentSpanId, kind }) => parentSpanId === spanId && kind === 3),
  );
  expect(clients.map(({ name }) => name)).toEqual(['GET', 'WebSocket', 'gRPC health', 'lines']);
  const carried = clients.slice(0, 3).map(({ traceId, spanId }) => ({ traceparent: `00-${traceId}-${spanId}-01` }));
  expect(sent).toMatchObject(carried);
  expect(new Set(carried.map(({ traceparent }) => traceparent)).size).toBe(3);
  expect(clients.slice(1, 3).map(({ attributes }) => attributesOf(attributes))).toMatchObject([
    {
      ...{ 'outrider.talk': 'WebSocket', 'http.response.status_code': 101 },
      'url.full': `http://127.0.0.1:${ports.web}/updates?key=*`,
    },
    {
      ...{ 'outrider.talk': 'gRPC health', 'http.response.status_code': 200 },
      'url.full': `http://127.0.0.1:${ports.grpc}/grpc.health.v1.Health/Check`,
    },
  ]);
  for (const { parentSpanId, startTimeUnixNano, endTimeUnixNano } of clients) {
    const parent = spans.find(({ spanId }) => spanId === parentSpanId);
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(parent?.startTimeUnixNano ?? 0));
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(parent?.endTimeUnixNano ?? 0));
  }

  const text = await readFile(har, 'utf8');
  const { log } = JSON.parse(text) as { readonly log: { readonly entries: readonly Entry[] } };
  expect(faultsOfHar({ log })).toBeNull();
  const entries = log.entries.filter(({ pageref }) => pageref.startsWith('step '));
  expect(entries.map(({ _traceId, _spanId }) => ({ traceparent: `00-${_traceId}-${_spanId}-01` }))).toEqual(carried);
  expect(
    entries.map(({ request, response, _resourceType = 'plain' }) =>
      [_resourceType, request.httpVersion, request.method, new URL(request.url).pathname, response.status].join(' '),
    ),
  ).toEqual([
    'plain HTTP/1.1 GET / 200',
    'websocket HTTP/1.1 GET /updates 101',
    'plain HTTP/2 POST /grpc.health.v1.Health/Check 200',
  ]);
  expect(text).not.toContain(CANARY);
  expect(receiver.heads.map((head) => head.text).join('\n')).not.toContain(CANARY);
});

const OWN = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const OURS = expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) as string;
const UNRECORDED = expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/) as string;
const XRAY = expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$/) as string;

test.each<readonly [string, object, readonly string[], object]>([
  ['nothing', {}, ['--no-traceparent'], { traceparent: undefined, amzn: undefined }],
  ['that nobody is to record', {}, ['--no-trace-sampled'], { traceparent: UNRECORDED, amzn: undefined }],
  ['both headers', {}, ['--trace-header', 'amzn'], { traceparent: OURS, amzn: XRAY }],
  ['that of X-Ray alone', {}, ['--no-traceparent', '--trace-header', 'amzn'], { traceparent: undefined, amzn: XRAY }],
  ['what the journey file says', { Traceparent: OWN }, [], { traceparent: OWN, amzn: undefined }],
])('WebSocket and health check carry %s, as the command line wants it', async (_what, headers, options, expected) => {
  const [, updates, health] = await ride(headers, ...options);
  expect([updates, health]).toEqual([expected, expected]);
});
