// Owns the tests of one sample over HTTP/2: what a server does, and the problem, step and spans of the trace.
// Never asserts an absolute time but the sampler's own bounds.
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  END_HEADERS,
  END_STREAM,
  frame,
  literal,
  SETTINGS,
  STATUS_200,
  speaking,
  TYPE,
  uint32,
} from './http2-frames.ts';
import { allClosed, BODY_LIMIT, type Change, expectSoundTrace, outcomeOf, patienceFor, sampleOf } from './riding.ts';
import { reset, startTls } from './servers.ts';

const H2 = { ALPNProtocols: ['h2'] };
const BOMB = gzipSync(Buffer.alloc(10_000_000));

interface Answer {
  readonly does: string;
  readonly serve: (socket: Socket) => void;
  readonly expected: readonly string[];
  readonly change?: Change;
  readonly http?: object;
}

const headers = (stream: number, end: boolean, ...fields: readonly Buffer[]): Buffer =>
  frame(TYPE.headers, END_HEADERS | (end ? END_STREAM : 0), stream, Buffer.concat([STATUS_200, ...fields]));
const data = (stream: number, bytes: Uint8Array | string, end = true): Buffer =>
  frame(TYPE.data, end ? END_STREAM : 0, stream, Buffer.from(bytes));
const status = (code: number): Buffer => literal(':status', String(code));

const answers: readonly Answer[] = [
  {
    does: 'answers',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([headers(id, false, literal('server', 'x')), data(id, 'ok')])),
    ),
    expected: ['200'],
    http: { version: '2', status: 200, bodyBytes: 2, bodyStart: 'ok', headers: [['server', 'x']] },
  },
  {
    does: 'answers without a body',
    serve: speaking((socket, id) => socket.write(headers(id, true))),
    expected: ['200'],
    http: { bodyBytes: 0 },
  },
  {
    does: 'answers 204',
    serve: speaking((socket, id) => socket.write(frame(TYPE.headers, 5, id, Buffer.of(0x89)))),
    expected: ['204'],
    http: { bodyBytes: 0 },
  },
  {
    does: 'answers 304',
    serve: speaking((socket, id) => socket.write(frame(TYPE.headers, 5, id, Buffer.of(0x8b)))),
    expected: ['304'],
    http: { bodyBytes: 0 },
  },
  {
    does: 'answers a HEAD',
    serve: speaking((socket, id) => socket.write(headers(id, true, literal('content-length', '100')))),
    change: { request: { method: 'HEAD' } },
    expected: ['200'],
    http: { bodyBytes: 0 },
  },
  {
    does: 'sends an interim answer first',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([frame(TYPE.headers, 4, id, status(103)), headers(id, false), data(id, 'ok')])),
    ),
    expected: ['200'],
    http: { status: 200, bodyStart: 'ok' },
  },
  {
    does: 'sends trailers',
    serve: speaking((socket, id) =>
      socket.write(
        Buffer.concat([headers(id, false), data(id, 'ok', false), frame(TYPE.headers, 5, id, literal('x-sum', '1'))]),
      ),
    ),
    expected: ['200'],
    http: { trailers: [['x-sum', '1']] },
  },
  {
    does: 'never sends SETTINGS and is silent',
    serve: speaking(() => undefined, null),
    expected: ['wait-timeout@wait'],
  },
  {
    does: 'answers without SETTINGS',
    serve: speaking((socket, id) => socket.write(headers(id, true)), null),
    expected: ['http-protocol@wait'],
  },
  { does: 'is silent after the request', serve: speaking(() => undefined), expected: ['wait-timeout@wait'] },
  {
    does: 'sends GOAWAY at once',
    serve: (socket) =>
      void socket.write(Buffer.concat([SETTINGS, frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(0), uint32(0)]))])),
    expected: ['closed@wait', 'closed@send'],
  },
  {
    does: 'sends GOAWAY after the request',
    serve: speaking((socket) => socket.write(frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(0), uint32(0)])))),
    expected: ['closed@wait'],
  },
  {
    does: 'sends GOAWAY with an error and closes',
    serve: speaking((socket) => socket.end(frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(0), uint32(11)])))),
    expected: ['closed@wait', 'reset@wait'],
  },
  {
    does: 'sends GOAWAY and still answers',
    serve: speaking((socket, id) =>
      socket.write(
        Buffer.concat([
          frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(id), uint32(0)])),
          headers(id, false),
          data(id, 'ok'),
        ]),
      ),
    ),
    expected: ['200'],
  },
  {
    does: 'resets the stream',
    serve: speaking((socket, id) => socket.write(frame(TYPE.reset, 0, id, uint32(2)))),
    expected: ['reset@wait'],
  },
  {
    does: 'refuses the stream',
    serve: speaking((socket, id) => socket.write(frame(TYPE.reset, 0, id, uint32(7)))),
    expected: ['reset@wait'],
  },
  {
    does: 'cancels the stream without an error',
    serve: speaking((socket, id) => socket.write(frame(TYPE.reset, 0, id, uint32(0)))),
    expected: ['closed@wait'],
  },
  {
    does: 'resets the stream within the body',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([headers(id, false), data(id, 'abc', false), frame(TYPE.reset, 0, id, uint32(2))])),
    ),
    expected: ['reset@receive'],
  },
  // Undici cannot tell this from the end of the stream; with a content-length it does.
  {
    does: 'cancels the stream within the body without an error',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([headers(id, false), data(id, 'abc', false), frame(TYPE.reset, 0, id, uint32(0))])),
    ),
    expected: ['200'],
  },
  {
    does: 'stops within the body',
    serve: speaking((socket, id) => socket.write(Buffer.concat([headers(id, false), data(id, 'abc', false)]))),
    expected: ['receive-timeout@receive'],
  },
  {
    does: 'closes within the body',
    serve: speaking((socket, id) => socket.end(Buffer.concat([headers(id, false), data(id, 'abc', false)]))),
    expected: ['closed@receive', 'reset@receive'],
  },
  {
    does: 'closes after the request',
    serve: speaking((socket) => socket.end()),
    expected: ['closed@wait', 'reset@wait'],
  },
  {
    does: 'resets the connection after the request',
    serve: speaking((socket) => reset(socket)),
    expected: ['closed@wait', 'reset@wait'],
  },
  {
    does: 'closes at once',
    serve: (socket) => void socket.end(),
    expected: ['closed@send', 'reset@send', 'closed@wait', 'reset@wait'],
  },
  {
    does: 'sends less than content-length',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([headers(id, false, literal('content-length', '10')), data(id, 'abc')])),
    ),
    expected: ['http-protocol@receive'],
  },
  {
    does: 'sends more than content-length',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([headers(id, false, literal('content-length', '2')), data(id, 'abc')])),
    ),
    expected: ['http-protocol@receive'],
  },
  {
    does: 'sends a header bomb',
    serve: speaking((socket, id) => socket.write(bomb(id))),
    expected: ['headers-too-large@wait'],
  },
  {
    does: 'sends CONTINUATION without end',
    serve: speaking((socket, id) => socket.write(continuations(id))),
    expected: ['headers-too-large@wait'],
  },
  {
    does: 'sends a body without end',
    serve: speaking(endless),
    expected: ['200'],
    http: { bodyBytes: BODY_LIMIT, truncated: true },
  },
  {
    does: 'sends a gzip bomb',
    serve: speaking((socket, id) =>
      socket.write(Buffer.concat([headers(id, false, literal('content-encoding', 'gzip')), data(id, BOMB)])),
    ),
    expected: ['200'],
    http: { bodyBytes: BOMB.length },
  },
  {
    does: 'sends a frame larger than allowed',
    serve: speaking((socket, id) => socket.write(frame(TYPE.data, 0, id, Buffer.alloc(20_000)))),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'sends HPACK that cannot be decoded',
    serve: speaking((socket, id) => socket.write(frame(TYPE.headers, 5, id, Buffer.alloc(8, 0xff)))),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'sends no :status',
    serve: speaking((socket, id) => socket.write(frame(TYPE.headers, 5, id, literal('server', 'x')))),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'pushes',
    serve: speaking((socket, id) =>
      socket.write(
        Buffer.concat([
          frame(TYPE.push, 4, id, Buffer.concat([uint32(2), Buffer.of(0x82, 0x87, 0x84)])),
          headers(id, true),
        ]),
      ),
    ),
    expected: ['http-protocol@wait'],
  },
  {
    does: 'answers in HTTP/1.1',
    serve: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    expected: ['http-protocol@wait', 'http-protocol@send'],
  },
  {
    does: 'pings without end',
    serve: speaking(pings),
    expected: ['http-protocol@wait'],
  },
];

/** 60 fields of 100 bytes, 11 times: 66 kB in one block. */
function bomb(id: number): Buffer {
  const fields = Array.from({ length: 120 }, (_, at) => literal(`x-${at}`, 'x'.repeat(120)));
  const parts = Array.from({ length: 64 }, (_, at) =>
    frame(
      at === 0 ? TYPE.headers : TYPE.continuation,
      at === 63 ? END_HEADERS : 0,
      id,
      Buffer.concat(at === 0 ? [STATUS_200, ...fields] : fields),
    ),
  );
  return Buffer.concat(parts);
}

function continuations(id: number): Buffer {
  const small = frame(TYPE.continuation, 0, id, literal('x', 'y'));
  return Buffer.concat([frame(TYPE.headers, 0, id, STATUS_200), ...Array.from({ length: 2_000 }, () => small)]);
}

function endless(socket: Socket, id: number): void {
  socket.write(headers(id, false));
  const more = (): void => {
    // Four frames a turn: the window is the client's to open, so no more than it takes is ever in flight.
    for (let at = 0; at < 4 && socket.writable; at++) socket.write(data(id, Buffer.alloc(16_000), false));
  };
  more();
  socket.on('data', more);
}

function pings(socket: Socket): void {
  const ping = frame(TYPE.ping, 0, 0, Buffer.alloc(8));
  socket.write(Buffer.concat(Array.from({ length: 2_000 }, () => ping)));
}

describe.concurrent('HTTP/2', () => {
  test.for(answers)('a server that $does', async ({ serve, expected, change, http }) => {
    await using server = await startTls(serve, H2);
    const { trace } = await sampleOf(server, { http: '2', timeoutMs: patienceFor(expected), ...change });
    expect(expected).toContain(outcomeOf(trace));
    expectSoundTrace(trace);
    if (http !== undefined) expect(trace.http).toMatchObject(http);
    await allClosed(server);
  });
});

describe('HTTP/2 demanded', () => {
  test.each([
    ['offers http/1.1 only', ['http/1.1'], 'tls-alert@tls'],
    ['knows no ALPN', [], 'tls-protocol@tls'],
  ] as const)('a server that %s', async (_, alpn, expected) => {
    await using server = await startTls(
      (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      alpn.length === 0 ? { ALPNProtocols: undefined } : { ALPNProtocols: [...alpn] },
    );
    const { trace } = await sampleOf(server, { http: '2' });
    expect(outcomeOf(trace)).toBe(expected);
    expect(trace.http).toBeNull();
    expectSoundTrace(trace);
    await allClosed(server);
  });
});

describe('one sample is one request on one connection', () => {
  const goaway = (code: number): Buffer => frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(0), uint32(code)]));
  test.for<[string, (id: number) => Buffer]>([
    ['refuses the stream', (id) => frame(TYPE.reset, 0, id, uint32(7))],
    ['sends GOAWAY that leaves the request out', () => goaway(0)],
    ['sends GOAWAY with an error', () => goaway(2)],
  ])('also when the server %s, which undici would retry', async ([, reply]) => {
    const streams: number[] = [];
    const serve = speaking((socket, id) => {
      streams.push(id);
      socket.write(reply(id));
    });
    await using server = await startTls(serve, H2);
    const { trace } = await sampleOf(server, { http: '2' });
    expect(trace.problem).not.toBeNull();
    await allClosed(server);
    expect([streams, server.taken()]).toEqual([[1], 1]);
  });
});

test('a field block without :status does not end the process when what it left behind is collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const serve = speaking((socket, id) => socket.write(frame(TYPE.headers, 5, id, literal('server', 'x'))));
  await using server = await startTls(serve, H2);
  const samples = Array.from({ length: 40 }, () => sampleOf(server, { http: '2' }));
  for (const { trace } of await Promise.all(samples)) expect(outcomeOf(trace)).toBe('http-protocol@wait');
  for (let round = 0; round < 5; round++) {
    collect();
    await setImmediate();
  }
});

test('interim answers are part of the wait', async () => {
  const serve = speaking((socket, id) => {
    socket.write(frame(TYPE.headers, 4, id, status(103)));
    setTimeout(() => socket.write(headers(id, true)), 60);
  });
  await using server = await startTls(serve, H2);
  const { trace } = await sampleOf(server, { http: '2' });
  // Timers may fire a millisecond early.
  expect(trace.spans.wait?.durationMs).toBeGreaterThan(55);
});
