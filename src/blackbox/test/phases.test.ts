// Holds phases that did not happen to their absence with --no-quirks (#984), on every prober that has phases, by how far a probe came; and the
// others to their presence.
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { echoRefusal } from '../../net/icmp/echo.ts';
import { listening, probed, roomOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { messageOf } from './dns-messages.ts';

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing.splice(0)) close();
});

async function opened(server: Server): Promise<string> {
  server.on('connection', (socket: Socket) => {
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined);
  });
  closing.push(() => server.close());
  return `127.0.0.1:${await listening(server)}`;
}

const web = (): Promise<string> => opened(createHttpServer((_, response) => void response.end('hello')));
const silent = (): Promise<string> => opened(createServer());
const answering = (bytes: string) => (): Promise<string> =>
  opened(createServer((socket) => void socket.once('data', () => socket.write(bytes))));
const nobody = (): Promise<string> => Promise.resolve('127.0.0.1:1');
const hangs = answering('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello');

const secureWeb = (): Promise<string> =>
  opened(
    createTlsServer({ ...identity(['127.0.0.1']), ALPNProtocols: ['http/1.1'] }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    }),
  );

async function names(): Promise<string> {
  const socket = createSocket('udp4');
  closing.push(() => socket.close());
  socket.on('message', (query, from) => {
    socket.send(messageOf(query.readUInt16BE(0), [], [], { question: query.subarray(12) }), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return `127.0.0.1:${socket.address().port}`;
}

function health(): Promise<string> {
  const server = createHttp2Server();
  server.on('stream', (given) => {
    const stream = given as ServerHttp2Stream;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from('00000000020801', 'hex'));
  });
  return opened(server);
}

type Row = readonly [module: string, server: () => Promise<string>, target: string, phases: string];
const ASKS = 'query_name: a.example, query_type: A';
const TCP = `${ASKS}, transport_protocol: tcp`;

const ROWS: readonly Row[] = [
  ['http', nobody, 'http://gone.example/', 'resolve'],
  ['http', nobody, 'http://AT/', 'resolve'],
  ['http', silent, 'https://AT/', 'resolve'],
  ['http', silent, 'http://AT/', 'connect resolve'],
  // The body that was cut took its time too, as blackbox_exporter tells it.
  ['http', hangs, 'http://AT/', 'connect processing resolve transfer'],
  ['http', web, 'http://AT/', 'connect processing resolve transfer'],
  ['http', secureWeb, 'https://AT/', 'connect processing resolve tls transfer'],
  [`dns, dns: {${ASKS}}`, nobody, 'gone.example', ''],
  [`dns, dns: {${TCP}}`, nobody, 'AT', 'resolve'],
  [`dns, dns: {${TCP}, dns_over_tls: true}`, silent, 'AT', 'resolve'],
  [`dns, dns: {${TCP}}`, silent, 'AT', 'connect request resolve'],
  [`dns, dns: {${ASKS}}`, names, 'AT', 'connect request resolve'],
  ['grpc', nobody, 'gone.example:1', ''],
  ['grpc, grpc: {}', nobody, 'AT', 'resolve'],
  ['grpc, grpc: {}', health, 'AT', 'check resolve'],
  ['websocket', nobody, 'ws://gone.example/', ''],
  ['websocket', nobody, 'ws://AT/', 'resolve'],
  ['websocket', silent, 'wss://AT/', 'connect resolve'],
  ['websocket', web, 'ws://AT/', 'connect processing resolve'],
  ['icmp', nobody, 'gone.example', ''],
  ['icmp, icmp: {source_ip_address: 192.0.2.7}', nobody, '127.0.0.1', 'resolve'],
  ['icmp', nobody, '127.0.0.1', 'resolve rtt setup'],
  // These have no phases, and grow none.
  ['tcp', silent, 'AT', ''],
  ['unix', nobody, '/nowhere/socket', ''],
];

test.concurrent.each(ROWS)('%s, %o, %s: %j', async (module, server, target, phases) => {
  if (module.startsWith('icmp') && (await echoRefusal()) !== null) return;
  const where = await server();
  const isSlow = module !== 'tcp' && (server === silent || server === hangs);
  const text = `modules: {m: {prober: ${module}, timeout: ${isSlow ? '1s' : '10s'}}}`;
  const page = await probed(roomOf(text, { quirks: false, rootsPem: ROOT_PEM }), 'm', target.replaceAll('AT', where));
  const told = [...page.matchAll(/^probe_\w+_duration_seconds\{phase="(\w+)"\} (\S+)$/gm)];
  expect(told.map(([, phase]) => phase).join(' ')).toBe(phases);
});
