// Holds what a failed probe says of its failure to real servers that fail in one way each: the phase, why, and whose fault, our own apart, on all probers.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problem } from '../../model/problem.ts';
import { echoRefusal } from '../../net/icmp/echo.ts';
import { failureOf, Unresolved } from '../failure.ts';
import type { ProbeRoom } from '../handler.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';

const closing: (() => unknown)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'failures-'));
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  rmSync(folder, { recursive: true, force: true });
});

type Talk = (socket: Socket) => void;

async function opened(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${await listening(server)}`;
}

const plain = (talk: Talk): Promise<string> => opened(createServer(talk));

function secure(names: readonly string[], talk: (socket: TLSSocket) => void, alpn = ['http/1.1']): Promise<string> {
  const server = createTlsServer({ ...identity(names), ALPNProtocols: alpn }, (socket) => {
    socket.on('error', () => undefined);
    talk(socket);
  });
  server.on('tlsClientError', () => undefined);
  return opened(server);
}

/** Answers each request, read or not, with these bytes. */
const saying =
  (bytes: string): Talk =>
  (socket) =>
    void socket.once('data', () => socket.write(bytes));

/** Takes no connection any more: its queue is full, and what comes is dropped. */
async function full(): Promise<string> {
  const code = `const { workerData, parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(workerData), 0, 0);
    });`;
  const held = new SharedArrayBuffer(4);
  const worker = new Worker(code, { eval: true, workerData: held });
  const port = await new Promise<number>((resolve) => {
    worker.once('message', resolve);
  });
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  closing.push(() => {
    for (const filler of fillers) filler.destroy();
    Atomics.store(new Int32Array(held), 0, 1);
    Atomics.notify(new Int32Array(held), 0);
    return worker.terminate();
  });
  // The queue holds what connected; the others wait for ever.
  await Promise.all(
    fillers
      .slice(0, 2)
      .map((filler) =>
        filler.readyState === 'open'
          ? Promise.resolve()
          : new Promise<void>((resolve) => void filler.once('connect', () => resolve())),
      ),
  );
  return `127.0.0.1:${port}`;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
const at: Record<string, string> = { nobody: '127.0.0.1:1' };
beforeAll(async () => {
  Object.assign(at, {
    full: await full(),
    silent: await plain(() => undefined),
    closes: await plain((socket) => void socket.destroy()),
    ends: await plain((socket) => void socket.end()),
    garbage: await plain(saying('what?\r\n\r\n')),
    ok: await plain(saying(OK)),
    moved: await plain(saying('HTTP/1.1 302 Found\r\nlocation: http://gone.example/\r\ncontent-length: 0\r\n\r\n')),
    guarded: await plain(
      saying('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n'),
    ),
    hangs: await plain(saying('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello')),
    breaks: await plain(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nh')),
    ),
    unsure: await plain(saying('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n')),
    secure: await secure(['here.example'], saying(OK)),
    secure2: await secure(['here.example'], () => undefined, ['h2']),
    other: await secure(['other.example'], saying(OK)),
    banner: await plain((socket) => void socket.write('421 busy\n')),
    line: await plain((socket) => void socket.write('x'.repeat(70_000))),
    says: await plain((socket) => void socket.end('hi\n')),
    sick: await grpcServer('00000000020802'),
    denies: await grpcServer(null),
    dot: await secure(['here.example'], () => undefined, ['dot']),
    upgrade: await opened(createHttpServer((_, response: ServerResponse) => void response.writeHead(426).end())),
    dnsSilent: await udp(),
    unix: join(folder, 'there'),
  });
  const server = createServer((socket) => void socket.on('error', () => undefined).write('421 busy\n'));
  await new Promise<void>((resolve) => {
    server.listen(at['unix'], resolve);
  });
  closing.push(() => server.close());
});

async function udp(): Promise<string> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  closing.push(() => socket.close());
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return `127.0.0.1:${socket.address().port}`;
}

function grpcServer(message: string | null): Promise<string> {
  const server = createHttp2Server();
  server.on('sessionError', () => undefined);
  server.on('stream', (given) => {
    const stream = given as ServerHttp2Stream;
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': message === null ? '7' : '0' }));
    stream.end(message === null ? '' : Buffer.from(message, 'hex'));
  });
  return opened(server);
}

/** `AT` stands for the server's address, `HOST` for its name with its port. */
type Row = readonly [server: string, module: string, target: string, failure: string];
const CA = 'tls_config: {ca_file: /nowhere/ca.pem}';
const SOURCE = 'outrider: {source_ip_address: 192.0.2.7}';
const DIALOGUE = 'query_response: [{expect: "^220"}]';
const ASKS = 'query_name: a.example, query_type: A';

const ROWS: readonly Row[] = [
  ['nobody', 'http', 'http://gone.example/', 'resolve no-address target'],
  ['nobody', 'http', 'http://AT/', 'connect refused target'],
  ['full', 'http', 'http://AT/', 'connect connect-timeout network'],
  ['silent', 'http', 'http://AT/', 'request wait-timeout target'],
  ['silent', 'http', 'https://AT/', 'tls tls-timeout target'],
  ['ends', 'http', 'https://AT/', 'tls closed target'],
  ['garbage', 'http', 'https://AT/', 'tls not-tls target'],
  ['secure', 'http', 'https://AT/', 'tls certificate target'],
  ['other', 'http', 'https://HOST/', 'tls certificate target'],
  ['secure', `http, http: {${CA}}`, 'https://HOST/', 'tls config prober'],
  ['garbage', 'http', 'http://AT/', 'answer http-protocol target'],
  ['ends', 'http', 'http://AT/', 'request closed target'],
  ['hangs', 'http', 'http://AT/', 'answer receive-timeout target'],
  ['breaks', 'http', 'http://AT/', 'answer closed target'],
  ['unsure', 'http', 'http://AT/', 'answer status target'],
  ['moved', 'http', 'http://AT/', 'resolve no-address target'],
  ['guarded', 'http', 'http://AT/', 'connect not-allowed prober'],
  [
    'ok',
    'http, http: {fail_if_header_matches: [{header: content-length, regexp: 5}]}',
    'http://AT/',
    'answer header target',
  ],
  ['ok', 'http, http: {fail_if_body_matches_regexp: [hello]}', 'http://AT/', 'answer body target'],
  ['ok', 'http, http: {fail_if_body_json_matches_cel: "true"}', 'http://AT/', 'answer json target'],
  ['ok', 'http, http: {body_size_limit: 3B}', 'http://AT/', 'answer body-too-large target'],
  ['ok', 'http, http: {compression: gzip}', 'http://AT/', 'answer body target'],
  ['ok', 'http, http: {valid_http_versions: [HTTP/2.0]}', 'http://AT/', 'answer http-version target'],
  ['ok', 'http, http: {fail_if_not_ssl: true}', 'http://AT/', 'answer not-over-tls target'],
  ['secure', 'http, http: {fail_if_ssl: true}', 'https://HOST/', 'answer over-tls target'],
  ['ok', 'http, http: {body_file: /nowhere/body}', 'http://AT/', 'request config prober'],
  [
    'ok',
    'http, http: {basic_auth: {username: u, password_file: /nowhere/p}}',
    'http://AT/',
    'request no-credentials prober',
  ],
  ['ok', 'http, http: {headers: {X: "a\\nb"}}', 'http://AT/', 'request config prober'],
  ['ok', 'http, http: {authorization: {credentials: "a\\nb"}}', 'http://AT/', 'request config prober'],
  ['ok', 'http', 'http://AT:AT/', 'connect config prober'],
  ['ok', `http, ${SOURCE}`, 'http://AT/', 'connect no-route prober'],
  ['ok', 'http', 'http://169.254.169.254/', 'connect not-allowed prober'],

  ['nobody', 'tcp', 'gone.example:1', 'resolve no-address target'],
  ['nobody', 'tcp', 'AT', 'connect refused target'],
  ['full', 'tcp', 'AT', 'connect connect-timeout network'],
  ['silent', 'tcp, tcp: {tls: true}', 'AT', 'tls tls-timeout target'],
  ['closes', 'tcp, tcp: {tls: true}', 'AT', 'tls reset target|tls closed target'],
  ['secure', 'tcp, tcp: {tls: true}', 'AT', 'tls certificate target'],
  ['other', 'tcp, tcp: {tls: true}', 'HOST', 'tls certificate target'],
  ['secure', `tcp, tcp: {tls: true, ${CA}}`, 'HOST', 'tls config prober'],
  ['secure', 'tcp, tcp: {tls: true, tls_config: {cert: x, key: y}}', 'HOST', 'tls config prober'],
  ['silent', `tcp, tcp: {${DIALOGUE}}`, 'AT', 'answer receive-timeout target'],
  ['says', `tcp, tcp: {${DIALOGUE}}`, 'AT', 'answer dialogue target'],
  ['line', `tcp, tcp: {${DIALOGUE}}`, 'AT', 'answer dialogue target'],
  ['banner', 'tcp, tcp: {query_response: [{expect_bytes: "220"}]}', 'AT', 'answer dialogue target'],
  ['ends', 'tcp, tcp: {query_response: [{expect_bytes: "220"}]}', 'AT', 'answer closed target'],
  ['silent', 'tcp', 'AT:AT', 'connect config prober'],
  ['silent', 'tcp', '127.0.0.1:70000', 'connect config prober'],
  ['silent', 'tcp, tcp: {source_ip_address: nowhere}', 'AT', 'connect config prober'],
  ['silent', 'tcp, tcp: {source_ip_address: "::1"}', 'AT', 'connect config prober'],
  ['silent', 'tcp, tcp: {source_ip_address: 192.0.2.7}', 'AT', 'connect no-route prober'],
  ['silent', 'tcp, tcp: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}', 'AT', 'resolve config prober'],

  ['nobody', 'dns, dns: {ASKS}', 'gone.example:53', 'resolve no-address target'],
  ['nobody', 'dns, dns: {ASKS, transport_protocol: tcp}', 'AT', 'connect refused target'],
  ['full', 'dns, dns: {ASKS, transport_protocol: tcp}', 'AT', 'connect connect-timeout network'],
  ['dnsSilent', 'dns, dns: {ASKS}', 'AT', 'request wait-timeout target'],
  ['silent', 'dns, dns: {ASKS, transport_protocol: tcp}', 'AT', 'request wait-timeout target'],
  ['ends', 'dns, dns: {ASKS, transport_protocol: tcp}', 'AT', 'request closed target'],
  ['garbage', 'dns, dns: {ASKS, transport_protocol: tcp}', 'AT', 'request wait-timeout target|request closed target'],
  ['silent', 'dns, dns: {ASKS, transport_protocol: tcp, dns_over_tls: true}', 'AT', 'tls tls-timeout target'],
  ['dot', 'dns, dns: {ASKS, transport_protocol: tcp, dns_over_tls: true}', 'AT', 'tls certificate target'],
  ['dot', `dns, dns: {ASKS, transport_protocol: tcp, dns_over_tls: true, ${CA}}`, 'AT', 'tls config prober'],
  ['dnsSilent', 'dns, dns: {ASKS, source_ip_address: 192.0.2.7}', 'AT', 'connect no-route prober'],
  ['dnsSilent', 'dns, dns: {ASKS, transport_protocol: sctp}', 'AT', 'connect config prober'],
  // This machine lets nobody send to all its neighbours without asking.
  ['dnsSilent', 'dns, dns: {ASKS}', '127.255.255.255:53', 'connect denied prober'],

  ['nobody', 'grpc, grpc: {}', 'gone.example:1', 'resolve no-address target'],
  ['nobody', 'grpc, grpc: {}', 'AT', 'connect refused target'],
  ['full', 'grpc, grpc: {}', 'AT', 'connect connect-timeout network'],
  ['silent', 'grpc, grpc: {}', 'AT', 'request wait-timeout target'],
  ['silent', 'grpc, grpc: {tls: true}', 'AT', 'tls tls-timeout target'],
  ['secure', 'grpc, grpc: {tls: true}', 'AT', 'tls tls-alert target'],
  ['secure2', 'grpc, grpc: {tls: true}', 'AT', 'tls certificate target'],
  ['secure', `grpc, grpc: {tls: true, ${CA}}`, 'AT', 'tls config prober'],
  ['ok', 'grpc, grpc: {}', 'AT', 'request http-protocol target'],
  ['sick', 'grpc, grpc: {}', 'AT', 'answer health target'],
  ['denies', 'grpc, grpc: {}', 'AT', 'answer status target'],
  ['sick', 'grpc, grpc: {metadata: {"a b": [c]}}', 'AT', 'request config prober'],
  ['sick', 'grpc, grpc: {}', 'a b', 'connect config prober'],
  ['sick', `grpc, grpc: {}, ${SOURCE}`, 'AT', 'connect no-route prober'],

  ['nobody', 'websocket', 'ws://gone.example/', 'resolve no-address target'],
  ['nobody', 'websocket', 'ws://AT/', 'connect refused target'],
  ['full', 'websocket', 'ws://AT/', 'connect connect-timeout network'],
  ['silent', 'websocket', 'ws://AT/', 'request wait-timeout target'],
  ['silent', 'websocket', 'wss://AT/', 'tls tls-timeout target'],
  ['secure', 'websocket', 'wss://AT/', 'tls certificate target'],
  ['secure', `websocket, websocket: {http_config: {${CA}}}`, 'wss://AT/', 'tls config prober'],
  ['ok', 'websocket, websocket: {headers: {X: {values: ["a\\nb"]}}}', 'ws://AT/', 'request config prober'],
  ['upgrade', 'websocket', 'ws://AT/', 'answer status target'],
  ['garbage', 'websocket', 'ws://AT/', 'request http-protocol target'],
  [
    'upgrade',
    'websocket, websocket: {http_config: {basic_auth: {username: u, password_file: /nowhere/p}}}',
    'ws://AT/',
    'request no-credentials prober',
  ],
  ['upgrade', 'websocket', 'http://AT/', 'connect config prober'],
  ['upgrade', `websocket, ${SOURCE}`, 'ws://AT/', 'connect no-route prober'],

  ['unix', 'unix', '/nowhere/socket', 'connect refused target'],
  ['unix', 'unix', `/${'x'.repeat(200)}`, 'connect config prober'],
  ['unix', `unix, unix: {${DIALOGUE}}`, 'AT', 'answer receive-timeout target'],
  ['unix', 'unix, unix: {tls: true, tls_config: {server_name: here.example}}', 'AT', 'tls not-tls target'],
  ['unix', `unix, unix: {tls: true, ${CA}}`, 'AT', 'tls config prober'],

  ['nobody', 'icmp', 'gone.example', 'resolve no-address target'],
  ['nobody', 'icmp', '169.254.169.254', 'connect not-allowed prober'],
  ['nobody', 'icmp, icmp: {source_ip_address: nowhere}', '127.0.0.1', 'connect config prober'],
  ['nobody', 'icmp, icmp: {payload_size: 70000}', '127.0.0.1', 'connect config prober'],
  ['nobody', 'icmp, icmp: {source_ip_address: 192.0.2.7}', '127.0.0.1', 'connect no-route prober'],
];

const allows: ProbeRoom['allows'] = (address) => (address.startsWith('169.254.') ? 'link-local' : null);

/** What nobody answers is waited for, all at once: long enough that a busy machine comes as far as it must. */
const isSlow = ([, , , failure]: Row): boolean => failure.includes('timeout');

async function failureOfRow([server, module, target, failure]: Row): Promise<string | null> {
  const where = at[server] ?? '';
  const timeout = isSlow([server, module, target, failure]) ? '1500ms' : '10s';
  const room = roomOf(`modules: {m: {prober: ${module.replace('ASKS', ASKS)}, timeout: ${timeout}}}`, {
    ...{ allows, rootsPem: ROOT_PEM },
  });
  const host = `here.example:${where.split(':')[1] ?? ''}`;
  const page = await probed(room, 'm', target.replaceAll('AT', where).replaceAll('HOST', host));
  return valueOf(page, 'probe_success') === 0 ? failureIn(page) : 'none';
}

describe('a probe that fails says where, why and whose fault', () => {
  test.each(ROWS.filter((row) => !isSlow(row)))('%s, %s, %s: %s', async (...row) => {
    if (row[1].startsWith('icmp') && (await echoRefusal()) !== null) return;
    expect(row[3].split('|')).toContain(await failureOfRow(row));
  });

  test('where nobody answers, too', async () => {
    const slow = ROWS.filter(isSlow);
    const said = await Promise.all(slow.map(async (row) => [row, await failureOfRow(row)] as const));
    expect(slow.length).toBeGreaterThan(10);
    expect(said.filter(([row, failure]) => !row[3].split('|').includes(failure ?? ''))).toEqual([]);
  });

  test('of every prober, in every phase that it has, and of its own doing', () => {
    const phases = Map.groupBy(ROWS, ([, module]) => module.split(',')[0]);
    const ofNetwork = ['resolve', 'connect', 'tls', 'request', 'answer'];
    const seen = Object.fromEntries(
      [...phases].map(([prober, rows]) => [prober, new Set(rows.map((row) => row[3].split(' ')[0]))]),
    );
    expect(seen).toEqual({
      ...{ http: new Set(ofNetwork), grpc: new Set(ofNetwork), websocket: new Set(ofNetwork) },
      tcp: new Set(['resolve', 'connect', 'tls', 'answer']),
      dns: new Set(['resolve', 'connect', 'request', 'tls']),
      unix: new Set(['connect', 'answer', 'tls']),
      icmp: new Set(['resolve', 'connect']),
    });
    for (const rows of phases.values()) expect(rows.some((row) => row[3].endsWith(' prober'))).toBe(true);
  });
});

const called = (code: string, address = '192.0.2.1'): Error =>
  Object.assign(new Error(code), { code, syscall: 'connect', address });

test.each([
  ['no free descriptor', called('EMFILE'), 'connect', 'no-descriptors prober'],
  ['no free port', called('EADDRINUSE'), 'connect', 'no-descriptors prober'],
  ['no address left to come from', called('EADDRNOTAVAIL'), 'connect', 'no-route prober'],
  ['no permission', called('EPERM'), 'connect', 'denied prober'],
  ['no route', called('ENETUNREACH'), 'connect', 'no-route prober'],
  ['no IPv6', called('ENETUNREACH', '2001:db8::1'), 'connect', 'no-ipv6 prober'],
  ['a router that knows no way', called('EHOSTUNREACH'), 'connect', 'unreachable network'],
  ['a resolver that fails', new Unresolved('x', problem('servfail', 'resolve')), 'resolve', 'servfail resolver'],
  [
    'a resolver that is silent',
    new Unresolved('x', problem('dns-timeout', 'resolve')),
    'resolve',
    'dns-timeout resolver',
  ],
  [
    'a lookup that was stopped',
    new Unresolved('x', problem('cancelled', 'resolve')),
    'resolve',
    'dns-timeout resolver',
  ],
] as const)('%s is told apart', (_name, error, phase, failure) => {
  const { reason, fault } = failureOf(error, phase);
  expect(`${reason} ${fault}`).toBe(failure);
});
