// Owns the tests of steps that are no plain HTTP requests: against real servers (ws, node:http2 with protobufjs' codec, node:net), in TLS and in
// the clear. Never asserts an absolute time.
import { createServer } from 'node:http';
import {
  createServer as createH2Server,
  createSecureServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Server } from 'node:net';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Secret } from '../../../src/model/secret.ts';
import { SecretText } from '../../../src/model/secret-text.ts';
import { listen, serverIdentity, startTcp, startTls, type TestServer } from '../../../src/net/sample/test/servers.ts';
import { goThrough, HOST, outcomesOf, recordOf } from './riding.ts';

const CANARY = 'canary-3e8f-secret';
const secret = new SecretText([new Secret('KEY', CANARY)]);
const at = ({ port }: Pick<TestServer, 'port'>, scheme: string, path = '/'): string =>
  `${scheme}://${HOST}:${port}${path}`;

async function websocket(serve: (socket: WebSocket, key: string) => void, isSecure = false) {
  const http = isSecure ? createTlsServer(serverIdentity) : createServer();
  const server = new WebSocketServer({ server: http, handleProtocols: () => 'v2' });
  server.on('connection', (socket, { headers }) => serve(socket, String(headers['x-key'])));
  return listen(http as unknown as Server as never);
}

describe.each([
  ['ws', false],
  ['wss', true],
] as const)('a WebSocket over %s', (scheme, isSecure) => {
  test('a message is sent, the expected one waited for, a ping answered, and both sides close', async () => {
    const heard: string[] = [];
    const closed = Promise.withResolvers<number>();
    await using server = await websocket((socket, key) => {
      socket.on('ping', () => heard.push('ping')).on('close', closed.resolve);
      socket.on('message', (data) => {
        heard.push(`${String(data as Buffer)} ${key}`);
        socket.send('noise');
        socket.send(JSON.stringify({ state: 'ready', id: 'a-1', key }));
      });
    }, isSecure);
    const evidence = await recordOf(at(server, isSecure ? 'https' : 'http'), {
      steps: [
        {
          name: 'updates',
          url: at(server, scheme, '/updates?x=1'),
          headers: { 'X-Key': secret },
          websocket: { send: '{"subscribe":"keys"}', expect: '"ready"', protocols: ['v1', 'v2'] },
          capture: { id: { json: '$.id' } },
          assert: [
            {
              status: 101,
              header: { name: 'sec-websocket-protocol', equals: 'v2' },
              json: { path: '$.state', equals: 'ready' },
            },
          ],
        },
      ],
    });
    expect(outcomesOf(evidence)).toEqual(['passed']);
    expect(heard).toEqual([`{"subscribe":"keys"} ${CANARY}`, 'ping']);
    expect(await closed.promise).toBe(1000);
    const shown = evidence.steps[0]?.shown[0];
    expect(shown?.captured).toEqual(['id']);
    expect(Object.keys(shown?.exchanges[0]?.spans ?? {})).toEqual([
      'connect',
      ...(isSecure ? ['tls'] : []),
      ...['wait', 'receive', 'total'],
    ]);
    expect(JSON.stringify(evidence)).not.toContain(CANARY);
  });
});

const talkless = (status: number) => listen(createServer((_request, response) => response.writeHead(status).end('no')));
const raw = (text: string) => startTcp((socket) => socket.once('data', () => socket.write(text)));
const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n';

test.each<readonly [string, () => Promise<TestServer>, object, RegExp]>([
  ['that is refused', () => talkless(403), {}, /^failed: answered 403 to the upgrade, not 101/],
  ['that is none', () => talkless(200), {}, /^failed: answered 200 to the upgrade, not 101/],
  [
    'whose accept is made up',
    () => raw(`${HEAD}sec-websocket-accept: AAAA\r\n\r\n`),
    {},
    /^failed: the answer is not valid HTTP/,
  ],
  ['without accept', () => raw(`${HEAD}\r\n`), {}, /^failed: the answer is not valid HTTP/],
  [
    'that closes too early',
    () => websocket((socket) => socket.close(1013, 'later')),
    { expect: 'x' },
    /^failed: closed with 1013 before the expected message came/,
  ],
  [
    'with other messages without end',
    () => websocket((socket) => Array.from({ length: 200 }, () => socket.send('y'))),
    { expect: 'x' },
    /^failed: none of 100 messages was the expected one/,
  ],
  [
    'with a message too long',
    () => websocket((socket) => socket.send('x'.repeat(100_000))),
    { expect: 'x' },
    /^failed: /,
  ],
  ['that is silent', () => websocket(() => undefined), { expect: 'x' }, /^failed: response not finished in time/],
  ['that does not answer', () => startTcp(() => undefined), {}, /^failed: no response in time/],
])('a WebSocket %s', async (_how, start, wanted, expected) => {
  await using server = await start();
  const evidence = await recordOf(at(server, 'http'), {
    steps: [{ name: 'a', url: at(server, 'ws'), websocket: wanted }],
  });
  expect(outcomesOf(evidence)[0]).toMatch(expected);
});

const types = protobuf.parse(`syntax = "proto3"; package grpc.health.v1;
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse { enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; } ServingStatus status = 1; }`).root;
const request = types.lookupType('grpc.health.v1.HealthCheckRequest');
const response = types.lookupType('grpc.health.v1.HealthCheckResponse');
const framed = (bytes: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.byteLength, 1);
  return Buffer.concat([prefix, bytes]);
};

/** Answers as grpc-health-probe's servers do, for services by name. */
function healthServer(states: Readonly<Record<string, number>>, seen: string[] = [], isSecure = false) {
  const server: Http2Server = isSecure ? createSecureServer(serverIdentity) : createH2Server();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      const { service } = request.decode(Buffer.concat(parts).subarray(5)) as unknown as { readonly service: string };
      seen.push(
        [':path', 'content-type', 'te', 'authorization'].map((name) => String(headers[name])).join(' ') +
          ` "${service}"`,
      );
      const status = states[service];
      const head = { ':status': 200, 'content-type': 'application/grpc' };
      // Trailers-Only.
      if (status === undefined)
        return stream.respond(
          { ...head, 'grpc-status': '5', 'grpc-message': 'unknown%20service' },
          { endStream: true },
        );
      stream.respond(head, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      return stream.end(framed(response.encode({ status } as never).finish()));
    });
  });
  return listen(server as unknown as Server as never);
}

describe.each([
  ['grpc', false],
  ['grpcs', true],
] as const)('a health check over %s', (scheme, isSecure) => {
  test.each([
    ['', 1, 'passed'],
    ['kms.v1.Keys', 1, 'passed'],
    ['kms.v1.Keys', 2, 'failed: NOT_SERVING'],
    ['kms.v1.Keys', 0, 'failed: UNKNOWN'],
    ['kms.v1.Keys', 7, 'failed: UNKNOWN'],
  ])('of service "%s" in state %i: %s', async (service, state, expected) => {
    const seen: string[] = [];
    await using server = await healthServer({ [service]: state }, seen, isSecure);
    const url = at(server, scheme);
    const headers = { authorization: 'Bearer t' };
    const steps = [
      { name: 'health', url, headers, grpcHealth: { service }, assert: [{ body: { equals: 'SERVING' } }] },
    ];
    const evidence = await recordOf(at(server, isSecure ? 'https' : 'http'), { steps });
    expect(outcomesOf(evidence)).toEqual([expected]);
    expect(seen).toEqual([`/grpc.health.v1.Health/Check application/grpc trailers Bearer t "${service}"`]);
    expect(evidence.steps[0]?.shown[0]?.exchanges[0]).toMatchObject({
      method: 'gRPC health',
      version: '2',
      status: 200,
    });
  });
});

const answering = (serve: (stream: ServerHttp2Stream) => void) => {
  const server = createH2Server();
  server.on('stream', serve);
  server.on('sessionError', () => undefined);
  return listen(server as unknown as Server as never);
};
const GRPC = { ':status': 200, 'content-type': 'application/grpc' } as const;

test.each<readonly [string, () => Promise<TestServer>, RegExp]>([
  [
    'of a service that is not known',
    () => healthServer({}),
    /grpc-status 5 NOT_FOUND \(unknown service\): the server knows no service "x"/,
  ],
  [
    'where there is none',
    () => answering((stream) => stream.respond({ ...GRPC, 'grpc-status': '12' }, { endStream: true })),
    /grpc-status 12 UNIMPLEMENTED: the server offers no health service/,
  ],
  [
    'behind a page',
    () =>
      answering((stream) => void (stream.respond({ ':status': 200, 'content-type': 'text/html' }), stream.end('<p>'))),
    /answered text\/html: that is no gRPC/,
  ],
  [
    'behind a proxy that is down',
    () => answering((stream) => stream.respond({ ':status': 502 }, { endStream: true })),
    /answered HTTP 502/,
  ],
  [
    'without a status',
    () => answering((stream) => void (stream.respond(GRPC), stream.end(Buffer.alloc(5)))),
    /ended without grpc-status/,
  ],
  [
    'with bytes that are no message',
    () =>
      answering((stream) => {
        stream.respond(GRPC, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 9, 1]));
      }),
    /holds no message of grpc\.health\.v1/,
  ],
  [
    'without end',
    () => answering((stream) => void (stream.respond(GRPC), stream.write(Buffer.alloc(200_000)))),
    /ended without grpc-status|reset|closed/,
  ],
  ['of a server of HTTP/1.1', () => talkless(200), /^failed: /],
  ['that is not answered', () => answering(() => undefined), /no response in time/],
])('a health check %s', async (_how, start, expected) => {
  await using server = await start();
  const steps = [{ name: 'a', url: at(server, 'grpc'), grpcHealth: { service: 'x' } }];
  expect(outcomesOf(await recordOf(at(server, 'http'), { steps }))[0]).toMatch(expected);
});

describe.each([
  ['tcp', startTcp],
  ['tls', startTls],
] as const)('lines over %s', (scheme, start) => {
  test('a greeting of several lines, then turns', async () => {
    await using server = await start((socket) => {
      socket.write('220-wait\r\n');
      socket.write('220 mail.example');
      socket.write(' ready\r\n');
      socket.on('data', (bytes: Buffer) =>
        socket.end(bytes.toString() === `AUTH ${CANARY}\r\n` ? `235 ok ${CANARY}\r\n` : '500 what\r\n'),
      );
    });
    const lines = [
      { expect: '^220 .*ready$' },
      { send: new SecretText(['AUTH ', ...secret.parts, '\r\n']) },
      { expect: '^235' },
    ];
    const steps = [
      { name: 'mail', url: at(server, scheme, ''), lines, assert: [{ body: { contains: 'mail.example' } }] },
    ];
    const { attempt, sent } = await goThrough(at(server, 'https'), { steps });
    if (attempt.state !== 'complete') throw new Error(attempt.state);
    expect(outcomesOf(attempt.value)).toEqual(['passed']);
    expect(sent).toMatchObject({ connections: 1, requests: 1 });
    expect(attempt.value.steps[0]?.shown[0]?.exchanges[0]).toMatchObject({
      method: 'lines',
      status: null,
      version: null,
    });
    expect(JSON.stringify(attempt.value)).not.toContain(CANARY);
  });
});

test.each<readonly [string, Parameters<typeof startTcp>[0], RegExp]>([
  [
    'of another service',
    (socket) => socket.end('554 go away\r\n'),
    /closed before a line matched "\^220"; it said: 554 go away/,
  ],
  ['that never come', () => undefined, /no response in time \(no line matched "\^220"\)/],
  ['that are none', (socket) => void socket.write('x'.repeat(200_000)), /no line of 65536 bytes matched/],
  ['of a server that hangs up', (socket) => socket.end(), /connection closed before an answer/],
])('lines %s', async (_how, serve, expected) => {
  await using server = await startTcp(serve);
  const steps = [{ name: 'a', url: at(server, 'tcp', ''), lines: [{ expect: '^220' }] }];
  expect(outcomesOf(await recordOf(at(server, 'http'), { steps }))[0]).toMatch(expected);
});

test.each<readonly [string, object, RegExp]>([
  ['lines without a port', { url: 'tcp://a.example', lines: [{ expect: 'x' }] }, /write the port/],
  [
    'a WebSocket to a plain port',
    { url: 'tcp://a.example:1', websocket: {} },
    /the URL of WebSocket begins with ws or wss/,
  ],
  ['a request to a WebSocket', { url: 'wss://a.example' }, /the URL of HTTP begins with http or https/],
  ['two kinds at once', { websocket: {}, grpcHealth: {} }, /give one of body, json, form, websocket/],
  ['a method', { method: 'PUT', websocket: {} }, /method and http are of plain requests/],
  ['a turn of two kinds', { url: 'tcp://a:1', lines: [{ send: 'a', expect: 'b' }] }, /give one of send, expect/],
])('refused before anything is sent: %s', async (_what, step, expected) => {
  await expect(recordOf('http://sampled.example:1/', { steps: [{ name: 'a', ...step }] })).rejects.toThrow(expected);
});

test('a server that cannot be verified gets no secret', async () => {
  let received = '';
  await using server = await startTls((socket) => socket.on('data', (bytes: Buffer) => (received += bytes.toString())));
  const url = `tls://other.example:${server.port}`;
  const steps = [{ name: 'a', url, lines: [{ send: secret }, { expect: 'x' }] }];
  expect(outcomesOf(await recordOf(at(server, 'https'), { steps }))[0]).toMatch(
    /^failed: not sent: the server could not be verified/,
  );
  expect(received).toBe('');
});
