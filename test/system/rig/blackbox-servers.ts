// Owns the servers that the two exporters are pointed at: HTTP, TLS, dialogues, DNS, gRPC, and ports where nothing good happens.
import { createSocket } from 'node:dgram';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls, TLSSocket, type TlsOptions } from 'node:tls';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { certificate, party } from '../../../src/blackbox/test/certified.ts';
import { messageOf, record, type WireRecord } from '../../../src/blackbox/test/dns-messages.ts';
import { createAuthority } from '../../../src/demo/pki/authority.ts';
import { issue } from '../../../src/demo/pki/certificate.ts';
import { ecKeys } from '../../../src/demo/pki/keys.ts';
import { ADDRESS } from './blackbox.ts';
import { oddAnswers } from './odd-answers.ts';
import type { Rig } from './rig.ts';

const DAY_MS = 86_400_000;

export interface Servers {
  /** `host:port` by name. */
  readonly at: Readonly<Record<ServerName, string>>;
  readonly rootFile: string;
}

export type ServerName =
  | 'http'
  | 'https'
  | 'http6'
  | 'odd'
  | 'tls12'
  | 'tls13'
  | 'expired'
  | 'stranger'
  | 'client'
  | 'crossed'
  | 'twoWays'
  | 'imap'
  | 'ssh'
  | 'irc'
  | 'silent'
  | 'hangup'
  | 'grpc'
  | 'grpcs'
  | 'dns'
  | 'dns6'
  | 'dnsTcp'
  | 'dot'
  | 'records'
  | 'closed';

type Identity = Pick<TlsOptions, 'cert' | 'key'>;

export async function startServers(rig: Rig, rows: readonly (readonly [number, string, string])[]): Promise<Servers> {
  const nowMs = Date.now();
  const [own, other] = [createAuthority('Side by side', nowMs), createAuthority('Nobody', nowMs)];
  const identity = (authority: typeof own, days: number): Identity => {
    const keys = ecKeys();
    const leaf = issue({
      ...{ subject: { commonName: 'localhost', ...keys }, issuer: authority.intermediate, names: ['localhost'] },
      ...{ notBefore: nowMs - 40 * DAY_MS, notAfter: nowMs + days * DAY_MS },
    });
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
    return { cert: leaf.pem + authority.intermediateCertificate.pem, key };
  };
  const good = identity(own, 30);
  const tls = (options: TlsOptions): Server =>
    createTls({ ...good, ...options }, (socket) => socket.on('error', ignore).end('hello\n'));
  const listen = listener(rig);
  const crossed = crossSigned();
  const rootFile = await rig.write('side-root.pem', own.rootCertificate.pem + crossed.roots);
  // All of them at 127.0.0.1, so that `localhost` is a name of theirs.
  const at = {
    http: await listen(createHttp(page)),
    https: await listen(createHttps({ ...good }, page)),
    http6: await listen(createHttp(page), '::1'),
    odd: await listen(oddAnswers()),
    tls12: await listen(tls({ maxVersion: 'TLSv1.2' })),
    tls13: await listen(tls({ minVersion: 'TLSv1.3' })),
    expired: await listen(tls(identity(own, -1))),
    stranger: await listen(tls(identity(other, 30))),
    client: await listen(
      tls({ requestCert: true, rejectUnauthorized: true, ca: own.rootCertificate.pem, maxVersion: 'TLSv1.2' }),
    ),
    crossed: await listen(tls(crossed.expiredExtra)),
    twoWays: await listen(tls(crossed.twoWays)),
    imap: await listen(createServer((socket) => startTls(socket, good))),
    ssh: await listen(createServer((socket) => void quiet(socket).write('SSH-2.0-OpenSSH_9.2 Debian\r\n'))),
    irc: await listen(createServer(irc)),
    silent: await listen(createServer((socket) => void quiet(socket))),
    hangup: await listen(createServer((socket) => void quiet(socket).end())),
    grpc: await listen(createHttp2().on('stream', (stream, headers) => health(stream as never, headers))),
    grpcs: await listen(secureHealth(good)),
    ...(await nameServers(rig, listen, good, rows)),
    closed: '127.0.0.1:1',
  };
  return { at, rootFile };
}

/** Chains of which one certificate is served that no path needs, and of which two paths hold: the longer one counts (#340). */
function crossSigned(): { readonly expiredExtra: Identity; readonly twoWays: Identity; readonly roots: string } {
  const [root, second, gone] = [party('Side root'), party('Second side root'), party('Gone root')];
  const [ca, me] = [party('Side CA'), party('localhost')];
  const leaf = certificate(me, ca, [-10, 60], false).pem;
  const short = certificate(ca, root, [-90, 20]).pem;
  const key = me.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return {
    expiredExtra: { key, cert: leaf + short + certificate(root, gone, [-100, -3]).pem },
    twoWays: { key, cert: leaf + short + certificate(ca, second, [-90, 40]).pem },
    roots: [root, second].map((one) => certificate(one, one, [-100, 1000]).pem).join(''),
  };
}

const ignore = (): undefined => undefined;
const quiet = (socket: Socket): Socket => socket.on('error', ignore).resume();

type Listen = (server: Server, host?: string) => Promise<string>;

function listener(rig: Rig): Listen {
  return async (server, host = '127.0.0.1') => {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.on('tlsClientError', ignore);
    await new Promise<void>((resolve) => {
      server.listen(0, host, resolve);
    });
    rig.defer(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = server.address() as AddressInfo;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  };
}

const BODY = '{"state":"ok","users":3}\nWelcome, all is well\n';

function page(request: IncomingMessage, response: ServerResponse): void {
  const headers = { 'x-state': 'ready', 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT' };
  const path = request.url ?? '/';
  if (path === '/silent') return;
  if (path === '/hangup') return void request.socket.destroy();
  if (path.startsWith('/redirect')) {
    const left = Number(path.slice(9));
    response.writeHead(302, { location: left > 1 ? `/redirect${left - 1}` : '/', 'content-length': 0 }).end();
  } else if (/^\/\d{3}$/.test(path)) response.writeHead(Number(path.slice(1)), { 'content-length': 0 }).end();
  else if (path === '/chunked') {
    response.writeHead(200, headers);
    response.write(BODY.slice(0, 5));
    response.end(BODY.slice(5));
  } else if (path === '/gzip' || path === '/br') {
    const bytes = path === '/br' ? brotliCompressSync(BODY) : gzipSync(BODY);
    response
      .writeHead(200, { ...headers, 'content-encoding': path.slice(1), 'content-length': bytes.length })
      .end(bytes);
  } else if (path === '/echo') {
    const { host = '', 'x-one': one = '-', authorization = '-' } = request.headers;
    response.end([request.method, host, one, authorization].join(' '));
  } else if (path === '/cookie') {
    const again = request.headers.cookie === 'a=b';
    response.writeHead(again ? 200 : 302, { 'set-cookie': 'a=b', location: '/cookie', 'content-length': 0 }).end();
  } else response.writeHead(200, { ...headers, 'content-length': BODY.length }).end(BODY);
}

function startTls(socket: Socket, identity: Identity): void {
  socket.on('error', ignore);
  socket.write('* OK IMAP4rev1 ready\r\n');
  socket.once('data', () => {
    socket.write('. OK begin TLS\r\n');
    const secured = new TLSSocket(socket, { isServer: true, ...identity });
    secured.on('error', ignore);
    secured.once('data', () => void secured.write('* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n'));
  });
}

function irc(socket: Socket): void {
  socket.on('error', ignore);
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
    if (/^PONG 12345\n/m.test(heard)) socket.write(':host 001 welcome\r\n');
    else if (heard.includes('USER')) socket.write('NOTICE hello\r\nPING :12345\r\n');
  });
}

interface GrpcStream {
  respond(headers: object, options?: object): void;
  on(event: string, listener: (chunk: Buffer) => void): void;
  sendTrailers(headers: object): void;
  end(body?: Buffer): void;
}

/** grpc.health.v1: the service `down` does not serve, `gone` is not known. */
function health(stream: GrpcStream, _headers: object): void {
  const parts: Buffer[] = [];
  stream.on('error', ignore);
  stream.on('data', (chunk) => void parts.push(chunk));
  stream.on('end', () => {
    const service = Buffer.concat(parts).subarray(7).toString();
    if (service === 'gone')
      return stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' },
        { endStream: true },
      );
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from(service === 'down' ? '00000000020802' : '00000000020801', 'hex'));
  });
}

function secureHealth(identity: Identity): Server {
  const server = createHttp2();
  server.on('stream', (stream, headers) => health(stream as never, headers));
  return createTls({ ...identity, ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('error', ignore);
    server.emit('connection', socket);
  });
}

type Zone = (label: string) => {
  readonly answer?: readonly WireRecord[];
  readonly authority?: readonly WireRecord[];
  readonly additional?: readonly WireRecord[];
  readonly rcode?: number;
} | null;

const SOA = '026e730002686d000000002a00001c2000000384001275000000012c';

/** More than the 512 bytes that fit into a datagram without EDNS. */
const many = (owner: string): readonly WireRecord[] =>
  Array.from({ length: 60 }, (_, at) => record(owner, 1, `c00002${at.toString(16).padStart(2, '0')}`));

/** What each name is answered, by its first label. */
const zone: Zone = (label) => {
  const [ns, a] = [
    record('kms.test', 2, '036e7331036b6d730474657374 00'.replace(' ', '')),
    record('ns1.kms.test', 1, 'c0000235'),
  ];
  const known: Readonly<Record<string, ReturnType<Zone>>> = {
    soa: { answer: [record('kms.test', 6, SOA)], authority: [ns], additional: [a] },
    a: {
      answer: [record('a.kms.test', 1, 'c0000201'), record('a.kms.test', 1, 'c0000202')],
      authority: [ns],
      additional: [a, a],
    },
    mixed: {
      answer: [
        record('mixed.kms.test', 1, 'c0000201'),
        record('mixed.kms.test', 16, '0568656c6c6f'),
        record('mixed.kms.test', 15, '000a026d7800'),
      ],
    },
    empty: { authority: [record('kms.test', 6, SOA)] },
    refused: { rcode: 5 },
    servfail: { rcode: 2 },
    broken: { answer: [record('x', 1, 'c00002')] },
    large: { answer: many('large.kms.test') },
    larger: { answer: many('larger.kms.test') },
  };
  if (label === 'silent') return null;
  return known[label] ?? { rcode: 3, authority: [record('kms.test', 6, SOA)] };
};

const answerOf =
  (from: Zone) =>
  (query: Buffer): Buffer | null => {
    const found = from(query.subarray(13, 13 + (query[12] ?? 0)).toString());
    if (found === null) return null;
    const { answer = [], additional = [], authority = [], rcode = 0 } = found;
    return messageOf(query.readUInt16BE(0), answer, additional, { rcode, authority, question: query.subarray(12) });
  };

async function nameServers(
  rig: Rig,
  listen: Listen,
  identity: Identity,
  rows: readonly (readonly [number, string, string])[],
) {
  const rowZone: Zone = (label) => {
    const [type = 1, hex = ''] = rows[Number(label.slice(1))] ?? [];
    return { answer: [record('A.example', type, hex)] };
  };
  const stream =
    (from: Zone) =>
    (socket: Socket): void => {
      socket.on('error', ignore);
      socket.on('data', (chunk: Buffer) => {
        const bytes = answerOf(from)(chunk.subarray(2));
        if (bytes !== null) socket.write(Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]));
      });
    };
  return {
    dns: await datagrams(rig, answerOf(zone), ADDRESS),
    dns6: await datagrams(rig, answerOf(zone), '::1'),
    dnsTcp: await listen(createServer(stream(zone))),
    dot: await listen(createTls({ ...identity }, stream(zone))),
    records: await listen(createServer(stream(rowZone))),
  };
}

async function datagrams(rig: Rig, answer: (query: Buffer) => Buffer | null, host: string): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  rig.defer(() => void socket.close());
  socket.on('message', (query, from) => {
    const bytes = answer(query);
    if (bytes !== null) socket.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  const { port } = socket.address();
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
