// Owns the tests of the warm-up: what it does in memory, that nobody is charged for it, and what it is for.
// Never asserts a time, only the ratio of the first sample of a process to its next ones.
import { execFile } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createMeter } from '../../meter.ts';
import { secureContext } from '../handshake.ts';
import { openSampler } from '../sampler.ts';
import { type Protocol, rehearse } from '../warm-up.ts';
import type { Cold } from './cold-process.ts';
import { END_HEADERS, END_STREAM, frame, STATUS_200, speaking, TYPE } from './http2-frames.ts';
import { optionsFor, sampleOf } from './riding.ts';
import { answering, startTcp, startTls, type TestServer } from './servers.ts';

const protocols: readonly (readonly [Protocol, string])[] = [
  ['plain', '1.1'],
  ['http/1.1', '1.1'],
  ['h2', '2'],
];
test.each(protocols)('a rehearsal of %s is a whole exchange', async (protocol, version) => {
  const facts = await rehearse(protocol, secureContext(null, null));
  expect(facts).toMatchObject({ version, status: 200, bodyBytes: 2, bodyStart: 'ok' });
});

test('opening a sampler reaches no server and is not counted', async () => {
  await using server = await startTls(answering(OK));
  const meter = createMeter();
  const sampler = await openSampler(optionsFor(server, { meter, http: 'negotiated' }));
  await sampler.close();
  expect(server.taken()).toBe(0);
  expect(meter.read()).toEqual(createMeter().read());
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const PROCESSES = 5;

function answerH2(socket: Socket, stream: number): void {
  socket.write(frame(TYPE.headers, END_HEADERS, stream, STATUS_200));
  socket.write(frame(TYPE.data, END_STREAM, stream, Buffer.from('ok')));
}

/** Several small writes: none may wait for the acknowledgement of the one before (RFC 9293 3.7.4). */
const H2 = { ALPNProtocols: ['h2'], noDelay: true };

/** At most what ratio; without the warm-up it is 5 to 10 for http, and 3 to 4 for https. */
const cold: readonly (readonly [string, number, Pick<Cold, 'scheme' | 'http'>, () => Promise<TestServer>])[] = [
  ['http', 2.5, { scheme: 'http', http: '1.1' }, () => startTcp(answering(OK))],
  ['https with HTTP/1.1', 2, { scheme: 'https', http: '1.1' }, () => startTls(answering(OK))],
  ['https with HTTP/2', 2, { scheme: 'https', http: '2' }, () => startTls(speaking(answerH2), H2)],
];
test.each(cold)('the first sample of a process is like its next ones: %s', async (_, atMost, how, start) => {
  await using server = await start();
  // The server's own first answers are slow too.
  for (let warm = 0; warm < 5; warm++) await sampleOf(server, how);
  const ratios: number[] = [];
  while (ratios.length < PROCESSES && ratios.every((ratio) => ratio > atMost)) {
    ratios.push(firstToNext(await totalsOf({ ...how, address: server.address, port: server.port })));
  }
  expect(Math.min(...ratios), `the first sample against the median of the next ten: ${ratios.join(', ')}`).toBeLessThan(
    atMost,
  );
});

function firstToNext([first = Number.NaN, ...next]: readonly number[]): number {
  return first / (next.toSorted((a, b) => a - b)[Math.floor(next.length / 2)] ?? Number.NaN);
}

async function totalsOf(cold: Cold): Promise<readonly number[]> {
  const program = fileURLToPath(new URL('cold-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(cold)]);
  return (JSON.parse(stdout) as { readonly totals: readonly number[] }).totals;
}
