// Holds that talks over HTTP join the traces of the service: what real servers find in the head of an upgrade and of a health check.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createH2Server, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { TalkRequest } from '../../../contract/talk.ts';
import { parseTarget } from '../../../model/target.ts';
import type { DnsName } from '../../../model/text.ts';
import { readTraceparent } from '../../../model/trace-context.ts';
import type { CallOptions } from '../../call/call.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { endpointFor } from '../../sample/test/riding.ts';
import { listen, startTcp, type TestServer } from '../../sample/test/servers.ts';
import { openTalk } from '../talk.ts';

const HOST = 'sampled.example' as DnsName;
const STARTED_MS = Date.UTC(2026, 10, 21);
/** The second of the start: trace ids begin with it. */
const SECOND = Math.floor(STARTED_MS / 1000).toString(16);

interface Hearing {
  readonly server: TestServer;
  readonly heads: IncomingHttpHeaders[];
}

async function websocket(): Promise<Hearing> {
  const heads: IncomingHttpHeaders[] = [];
  const http = createServer();
  new WebSocketServer({ server: http }).on('connection', (_socket, { headers }) => heads.push(headers));
  return { heads, server: await listen(http) };
}

async function health(): Promise<Hearing> {
  const heads: IncomingHttpHeaders[] = [];
  const http2 = createH2Server().on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    heads.push(headers);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  return { heads, server: await listen(http2 as never) };
}

async function talkTo(
  server: TestServer,
  talk: TalkRequest['talk'],
  tracing: CallOptions['tracing'],
  change: Partial<TalkRequest> = {},
) {
  const opened = openTalk({
    ...{ target: parseTarget(`http://${HOST}:${server.port}/`), servername: HOST, identity: null, http: 'negotiated' },
    ...{ trust: { caPem: null, insecure: false }, timeoutMs: 5_000, userAgent: 'talk-test', meter: createMeter() },
    ...{ originMs: now(), startedAtMs: STARTED_MS, headerBytes: 32_768, families: [4, 6] },
    dns: { lookup: () => Promise.reject(new Error('nothing is to be looked up')) },
    ...(tracing === undefined ? {} : { tracing }),
  });
  try {
    return await opened.talk(
      {
        ...{ url: `http://${HOST}:${server.port}/`, headers: [], reach: 'any', endpoint: endpointFor(server), talk },
        ...change,
      },
      new AbortController().signal,
    );
  } finally {
    await opened.close();
  }
}

const WEBSOCKET: TalkRequest['talk'] = { kind: 'websocket', protocols: [], send: null, expect: null };
const HEALTH: TalkRequest['talk'] = { kind: 'grpc-health', service: '' };
const ROUND = 'a'.repeat(32);

describe.each([
  ['the upgrade of a WebSocket', WEBSOCKET, websocket],
  ['a health check', HEALTH, health],
] as const)('%s', (_what, talk, open) => {
  test.each([
    ['as recorded', true, '01'],
    ['as not recorded', false, '00'],
  ])('carries the ids that its record has, %s', async (_how, sampled, flags) => {
    const { server, heads } = await open();
    await using _ = server;
    const one = await talkTo(server, talk, { headers: ['traceparent'], sampled });
    const other = await talkTo(server, talk, { headers: ['traceparent'], sampled });
    expect(heads.map(({ traceparent }) => traceparent)).toEqual(
      [one, other].map(({ traceId, spanId }) => `00-${traceId}-${spanId}-${flags}`),
    );
    expect(heads.map((head) => readTraceparent(String(head['traceparent']))?.sampled)).toEqual([sampled, sampled]);
    expect(one.traceId?.slice(0, 8)).toBe(SECOND);
    expect(one.traceId).not.toBe(other.traceId);
    expect(heads.some((head) => 'x-amzn-trace-id' in head)).toBe(false);
  });

  test('carries both headers with one id, and joins the trace that it is given', async () => {
    const { server, heads } = await open();
    await using _ = server;
    const tracing: CallOptions['tracing'] = { headers: ['traceparent', 'amzn'], sampled: true };
    const { traceId, spanId } = await talkTo(server, talk, tracing, { traceId: ROUND });
    expect(traceId).toBe(ROUND);
    expect(heads).toMatchObject([
      {
        traceparent: `00-${ROUND}-${spanId}-01`,
        'x-amzn-trace-id': `Root=1-${ROUND.slice(0, 8)}-${ROUND.slice(8)};Parent=${spanId};Sampled=1`,
      },
    ]);
  });

  const given = `00-${'b'.repeat(32)}-${'c'.repeat(16)}-00`;
  test.each<readonly [string, CallOptions['tracing'], Partial<TalkRequest>, string | undefined]>([
    ['nobody wants traces', undefined, {}, undefined],
    ['no header is wanted', { headers: [], sampled: true }, {}, undefined],
    [
      'the person gave another',
      { headers: ['traceparent'], sampled: true },
      { headers: [['TraceParent', given]] },
      given,
    ],
  ])('carries none of ours where %s', async (_why, tracing, change, expected) => {
    const { server, heads } = await open();
    await using _ = server;
    const record = await talkTo(server, talk, tracing, change);
    expect(record).not.toHaveProperty('traceId');
    expect(record).not.toHaveProperty('spanId');
    expect(heads.map(({ traceparent }) => traceparent)).toEqual([expected]);
  });

  test('another host is told of no trace', async () => {
    const { server, heads } = await open();
    await using _ = server;
    const url = `http://other.example:${server.port}/`;
    const record = await talkTo(server, talk, { headers: ['traceparent', 'amzn'], sampled: true }, { url });
    expect(record).not.toHaveProperty('traceId');
    expect(heads.map((head) => ['traceparent' in head, 'x-amzn-trace-id' in head])).toEqual([[false, false]]);
  });
});

test('lines carry nothing, and their record names no trace', async () => {
  let heard = '';
  await using server = await startTcp((socket) =>
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString();
      socket.end('bye\r\n');
    }),
  );
  const talk: TalkRequest['talk'] = {
    kind: 'lines',
    turns: [{ send: 'QUIT\r\n' }, { expect: (line) => line === 'bye', says: 'bye' }],
  };
  const record = await talkTo(server, talk, { headers: ['traceparent', 'amzn'], sampled: true }, { traceId: ROUND });
  expect([record.refused, record.problem, heard]).toEqual([null, null, 'QUIT\r\n']);
  expect(record).not.toHaveProperty('traceId');
});
