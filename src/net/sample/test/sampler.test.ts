// Owns the tests of one sample over TCP, TLS and HTTP/1.1: what a server does, and the problem, step and spans of the trace.
// Never asserts an absolute time but the sampler's own bounds.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { now } from '../../clock.ts';
import {
  allClosed,
  BODY_LIMIT,
  type Change,
  expectSoundTrace,
  outcomeOf,
  patienceFor,
  SHORT_MS,
  sampleOf,
} from './riding.ts';
import { answering, onRequest, reset, startDeafPort, startTcp, startTls } from './servers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const silent = (): void => undefined;

/** What the server does on TCP, and the outcomes that are right; several where the kernel decides which comes first. */
const beforeHttp: readonly (readonly [string, (socket: Socket) => void, readonly string[]])[] = [
  ['closes at accept', (socket) => socket.end(), ['closed@tls', 'reset@tls']],
  ['destroys at accept', (socket) => socket.destroy(), ['closed@tls', 'reset@tls']],
  ['resets at accept', (socket) => socket.resetAndDestroy(), ['reset@connect', 'reset@tls', 'closed@tls']],
  ['resets after the ClientHello', (socket) => socket.once('data', () => socket.resetAndDestroy()), ['reset@tls']],
  ['closes after the ClientHello', (socket) => socket.once('data', () => socket.end()), ['closed@tls', 'reset@tls']],
  ['is silent', silent, ['tls-timeout@tls']],
  ['sends half a record', (socket) => socket.write(Buffer.of(0x16, 3, 3, 0, 80, 2)), ['tls-timeout@tls']],
  ['greets as SSH', (socket) => socket.write('SSH-2.0-OpenSSH_10.0\r\n'), ['not-tls@tls']],
  ['answers in HTTP', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), ['not-tls@tls']],
  ['sends zeros', (socket) => socket.write(Buffer.alloc(64)), ['not-tls@tls']],
  ['sends an endless greeting', (socket) => socket.write(Buffer.alloc(1_048_576, 'x')), ['not-tls@tls']],
  ['sends a fatal alert', (socket) => socket.write(Buffer.of(0x15, 3, 3, 0, 2, 2, 40)), ['tls-alert@tls']],
  [
    'sends close_notify',
    (socket) => socket.write(Buffer.of(0x15, 3, 3, 0, 2, 1, 0)),
    ['tls-alert@tls', 'closed@tls', 'tls-protocol@tls', 'tls-timeout@tls'],
  ],
  [
    'sends a handshake message out of place',
    (socket) => socket.write(Buffer.of(0x16, 3, 3, 0, 4, 14, 0, 0, 0)),
    ['tls-protocol@tls'],
  ],
];

describe.concurrent('before HTTP', () => {
  test.for(beforeHttp)('a server that %s', async ([, serve, expected]) => {
    await using server = await startTcp(serve);
    const { trace } = await sampleOf(server, { timeoutMs: patienceFor(expected) });
    expect(expected).toContain(outcomeOf(trace));
    expectSoundTrace(trace);
    expect(trace.http).toBeNull();
    await allClosed(server);
  });

  test.for(['http', 'https'] as const)('a port where nobody listens, %s', async (scheme) => {
    const { address, port, ...server } = await startTcp(silent);
    await server[Symbol.asyncDispose]();
    const { trace } = await sampleOf({ address, port }, { scheme });
    expect(outcomeOf(trace)).toBe('refused@connect');
    expect(trace.spans).toEqual({});
  });
});

describe.runIf(process.platform === 'linux')('a port that drops every SYN', () => {
  test('is a connect timeout, not before its time', async () => {
    await using port = await startDeafPort();
    const beganMs = now();
    const { trace } = await sampleOf(port, { timeoutMs: SHORT_MS });
    expect(outcomeOf(trace)).toBe('connect-timeout@connect');
    expect(trace.spans).toEqual({});
    // Timers may fire a millisecond early.
    expect(now() - beganMs).toBeGreaterThan(SHORT_MS - 2);
  });

  test('is left at once when the signal says so', async () => {
    await using port = await startDeafPort();
    const controller = new AbortController();
    const sample = sampleOf(port, { timeoutMs: 600_000 }, controller.signal);
    setTimeout(() => controller.abort(), 20);
    expect(outcomeOf((await sample).trace)).toBe('cancelled@connect');
  });
});

interface Answer {
  readonly does: string;
  readonly serve: (socket: Socket) => void;
  readonly expected: readonly string[];
  readonly change?: Change;
  /** What the record of the answer must hold. */
  readonly http?: object;
}

const head = (status: string, ...fields: readonly string[]): string =>
  `HTTP/1.1 ${status}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

function endless(socket: Socket): void {
  onRequest(socket, () => {
    socket.write(head('200 OK', 'Transfer-Encoding: chunked'));
    const more = (): void => {
      while (socket.writable && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`));
    };
    socket.on('drain', more);
    more();
  });
}

const answers: readonly Answer[] = [
  {
    does: 'answers',
    serve: answering(OK),
    expected: ['200'],
    http: { version: '1.1', status: 200, bodyBytes: 2, bodyStart: 'ok', truncated: false, fieldsTruncated: false },
  },
  {
    does: 'resets after the request',
    serve: (socket) => onRequest(socket, () => reset(socket)),
    expected: ['reset@wait', 'closed@wait', 'reset@send'],
  },
  {
    does: 'closes after the request',
    serve: (socket) => onRequest(socket, () => socket.end()),
    expected: ['closed@wait', 'reset@wait'],
  },
  { does: 'is silent after the request', serve: (socket) => void socket.resume(), expected: ['wait-timeout@wait'] },
  { does: 'stops within the status line', serve: answering('HTTP/1.1 200 O'), expected: ['wait-timeout@wait'] },
  {
    does: 'stops within the header',
    serve: answering('HTTP/1.1 200 OK\r\nServer: x\r\n'),
    expected: ['wait-timeout@wait'],
  },
  {
    does: 'closes within the header',
    serve: (socket) => onRequest(socket, () => socket.end('HTTP/1.1 200 OK\r\nServer:')),
    expected: ['closed@wait'],
  },
  {
    does: 'sends 20 KB of header',
    serve: answering(
      head('200 OK', ...Array.from({ length: 20 }, (_, at) => `X-${at}: ${'x'.repeat(1_000)}`), 'Content-Length: 0'),
    ),
    expected: ['200'],
    http: { fieldsTruncated: true },
  },
  {
    does: 'sends 1 MB of header in one field',
    serve: answering(head('200 OK', `X: ${'x'.repeat(1_048_576)}`)),
    expected: ['headers-too-large@wait'],
  },
  {
    does: 'sends 1 MB of header in many fields',
    serve: answering(head('200 OK', ...Array.from({ length: 20_000 }, (_, at) => `X-${at}: ${'x'.repeat(40)}`))),
    expected: ['headers-too-large@wait'],
  },
  {
    does: 'sends a body without end',
    serve: endless,
    expected: ['200'],
    http: { bodyBytes: BODY_LIMIT, truncated: true },
  },
  {
    does: 'sends a gzip bomb',
    serve: answering(
      head('200 OK', 'Content-Encoding: gzip', `Content-Length: ${gzipSync(Buffer.alloc(30_000_000)).length}`),
      gzipSync(Buffer.alloc(30_000_000)),
    ),
    expected: ['200'],
    http: { bodyBytes: gzipSync(Buffer.alloc(30_000_000)).length, truncated: false },
  },
  {
    does: 'answers with garbage',
    serve: answering('\x00\x01\x02 what is this\r\n\r\n'),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'answers in HTTP/0.9',
    serve: (socket) => onRequest(socket, () => socket.end('<html>hello</html>')),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'answers in HTTP/1.0 until close',
    serve: (socket) => onRequest(socket, () => socket.end('HTTP/1.0 200 OK\r\n\r\nold')),
    expected: ['200'],
    http: { bodyBytes: 3 },
  },
  { does: 'answers with status 99', serve: answering(head('099 What')), expected: ['http-protocol@wait'] },
  { does: 'answers with status 1000', serve: answering(head('1000 What')), expected: ['http-protocol@wait'] },
  {
    does: 'sends interim answers first',
    serve: answering(head('103 Early Hints', 'Link: </a>; rel=preload'), head('102 Processing'), OK),
    expected: ['200'],
    http: { status: 200, bodyStart: 'ok' },
  },
  {
    does: 'sends 100 without being asked',
    serve: answering(head('100 Continue'), OK),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'switches protocols without being asked',
    serve: answering(head('101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade')),
    expected: ['http-protocol@wait'],
  },
  { does: 'only sends interim answers', serve: answering(head('102 Processing')), expected: ['wait-timeout@wait'] },
  {
    does: 'answers a HEAD',
    serve: answering(head('200 OK', 'Content-Length: 100')),
    change: { request: { method: 'HEAD' } },
    expected: ['200'],
    http: { bodyBytes: 0 },
  },
  { does: 'answers 204', serve: answering(head('204 No Content')), expected: ['204'], http: { bodyBytes: 0 } },
  {
    does: 'answers 304',
    serve: answering(head('304 Not Modified', 'ETag: "a"')),
    expected: ['304'],
    http: { bodyBytes: 0 },
  },
  {
    does: 'answers in chunks with a trailer',
    serve: answering(`${CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`),
    expected: ['200'],
    http: { bodyBytes: 3, trailers: [['X-Sum', '1']] },
  },
  {
    does: 'sends a chunk size that is no number',
    serve: answering(`${CHUNKED}zz\r\nabc\r\n`),
    expected: ['http-protocol@receive'],
  },
  {
    does: 'sends a chunk longer than said',
    serve: answering(`${CHUNKED}2\r\nabc\r\n0\r\n\r\n`),
    expected: ['http-protocol@receive'],
  },
  {
    does: 'closes within a chunk',
    serve: (socket) => onRequest(socket, () => socket.end(`${CHUNKED}10\r\nabc`)),
    expected: ['closed@receive'],
  },
  { does: 'stops within a chunk', serve: answering(`${CHUNKED}10\r\nabc`), expected: ['receive-timeout@receive'] },
  {
    does: 'sends less than Content-Length',
    serve: answering(head('200 OK', 'Content-Length: 10'), 'abc'),
    expected: ['receive-timeout@receive'],
  },
  {
    does: 'closes before Content-Length',
    serve: (socket) => onRequest(socket, () => socket.end(`${head('200 OK', 'Content-Length: 10')}abc`)),
    expected: ['closed@receive'],
  },
  {
    does: 'resets within the body',
    serve: (socket) =>
      onRequest(socket, () =>
        socket.write(`${head('200 OK', 'Content-Length: 10')}abc`, () => setTimeout(() => reset(socket), 30)),
      ),
    expected: ['reset@receive', 'closed@receive'],
  },
  {
    does: 'sends more than Content-Length',
    serve: answering(`${head('200 OK', 'Content-Length: 3')}abcdef`),
    expected: ['200'],
    http: { bodyBytes: 3, bodyStart: 'abc' },
  },
  {
    does: 'sends two lengths that differ',
    serve: answering(head('200 OK', 'Content-Length: 3', 'Content-Length: 4'), 'abc'),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'sends a length and chunks',
    serve: answering(head('200 OK', 'Content-Length: 3', 'Transfer-Encoding: chunked'), '3\r\nabc\r\n0\r\n\r\n'),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'sends a negative length',
    serve: answering(head('200 OK', 'Content-Length: -3'), 'abc'),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'answers before it is asked',
    serve: (socket) => void socket.write(OK),
    expected: ['200', 'http-protocol@wait', 'closed@wait'],
  },
];

const early: Answer = {
  // RFC 9112 9.5 allows it, and the kernel may reset what is still on its way.
  does: 'answers 413 before it read the body',
  serve: (socket) => socket.once('data', () => socket.end(head('413 Content Too Large', 'Content-Length: 0'))),
  change: { request: { method: 'POST', body: Buffer.alloc(4_000_000) } },
  expected: ['413', 'reset@wait', 'reset@receive', 'closed@wait'],
};

describe.concurrent.each(['http', 'https'] as const)('HTTP/1.1 over %s', (scheme) => {
  test.for([...answers, early])('a server that $does', async ({ serve, expected, change, http }) => {
    await using server = await (scheme === 'http' ? startTcp(serve) : startTls(serve));
    const { trace } = await sampleOf(server, { scheme, timeoutMs: patienceFor(expected), ...change });
    expect(expected).toContain(outcomeOf(trace));
    expectSoundTrace(trace, scheme);
    if (http !== undefined) expect(trace.http).toMatchObject(http);
    await allClosed(server);
  });
});
