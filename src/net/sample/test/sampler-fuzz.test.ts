// Owns the fuzzing of one sample: damaged TLS flights, HTTP/1.1 and HTTP/2 answers of real servers always end in a sound trace.
// Never asserts which one. A throw outside of a promise fails the run: the test runner counts uncaught errors.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemCodes } from '../../../model/problem.ts';
import { now } from '../../clock.ts';
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
import { type Mutation, mutate, mutations, startMutatingProxy } from './mutation.ts';
import { allClosed, type Change, expectSoundTrace, sampleOf } from './riding.ts';
import { answering, onRequest, startTcp, startTls, type TestServer } from './servers.ts';

const RUNS = { numRuns: 100 };
/** Short, because a damaged length makes both sides wait; any outcome is right, only the bound is not to be passed. */
const TIMEOUT_MS = 60;
/** Connect, TLS, send or wait, receive: each bounded on its own; and a machine that is busy with other tests. */
const SLACK_MS = 5_000;

async function expectAnyTrace(server: TestServer, change: Change): Promise<void> {
  const beganMs = now();
  const { trace } = await sampleOf(server, { timeoutMs: TIMEOUT_MS, ...change });
  expect(now() - beganMs).toBeLessThan(4 * TIMEOUT_MS + SLACK_MS);
  if (trace.problem !== null) expect(problemCodes).toContain(trace.problem.code);
  expect(trace.problem?.code).not.toBe('internal');
  expectSoundTrace(trace, change.scheme);
}

test.for(['TLSv1.2', 'TLSv1.3'] as const)('a damaged first flight of %s', async (version) => {
  let changes: readonly Mutation[] = [];
  await using server = await startTls(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), {
    minVersion: version,
    maxVersion: version,
  });
  await using proxy = await startMutatingProxy(server, () => changes);
  await fc.assert(
    fc.asyncProperty(mutations, async (given) => {
      changes = given;
      await expectAnyTrace(proxy, {});
    }),
    RUNS,
  );
  await allClosed(proxy);
  await allClosed(server);
});

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 12\r\n\r\nhello, world',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\nX-Sum: 1\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
];

test.for(['http', 'https'] as const)('a damaged HTTP/1.1 answer over %s', async (scheme) => {
  let bytes: Buffer = Buffer.alloc(0);
  let hangUp = false;
  const start = scheme === 'http' ? startTcp : startTls;
  await using server = await start((socket) =>
    onRequest(socket, () => (hangUp ? socket.end(bytes) : socket.write(bytes))),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ANSWERS), mutations, async (answer, changes) => {
      bytes = mutate(Buffer.from(answer), changes);
      hangUp = changes.some((change) => change.hangUp);
      await expectAnyTrace(server, { scheme });
    }),
    RUNS,
  );
  await allClosed(server);
});

/** Everything a server may say on stream 1. */
const FRAMES = Buffer.concat([
  frame(TYPE.ping, 0, 0, Buffer.alloc(8)),
  frame(TYPE.headers, END_HEADERS, 1, literal(':status', '103')),
  frame(TYPE.headers, 0, 1, Buffer.concat([STATUS_200, literal('server', 'x')])),
  frame(TYPE.continuation, END_HEADERS, 1, literal('content-length', '12')),
  frame(TYPE.data, 0, 1, Buffer.from('hello')),
  frame(TYPE.data, 0, 1, Buffer.from(', world')),
  frame(TYPE.headers, END_HEADERS | END_STREAM, 1, literal('x-sum', '1')),
  frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(1), uint32(0)])),
]);

test.for(['after the SETTINGS', 'the SETTINGS too'] as const)('a damaged HTTP/2 answer, %s', async (where) => {
  let changes: readonly Mutation[] = [];
  await using server = await startTls(
    (socket) => {
      const answer = (): void => {
        const bytes = where === 'the SETTINGS too' ? Buffer.concat([SETTINGS, FRAMES]) : FRAMES;
        socket.write(mutate(bytes, changes));
        if (changes.some(({ hangUp }) => hangUp)) socket.end();
      };
      speaking(answer, where === 'the SETTINGS too' ? null : SETTINGS)(socket);
    },
    { ALPNProtocols: ['h2'] },
  );
  await fc.assert(
    fc.asyncProperty(mutations, async (given) => {
      changes = given;
      await expectAnyTrace(server, { http: '2' });
    }),
    RUNS,
  );
  await allClosed(server);
});
