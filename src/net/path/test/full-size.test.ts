// Owns the tests of packets of full size on this machine alone, where they get through, and of servers that say little. Narrow links: test/system/path-mtu.test.ts.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { platform } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { expect, test } from 'vitest';
import type { FullSize } from '../../../contract/path.ts';
import type { Attempt } from '../../../model/problem.ts';
import { endpointId, familyOf } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { load } from '../../libc/open.ts';
import { createMeter } from '../../meter.ts';
import { httpOpening, type Opening, tlsOpening } from '../opening.ts';
import { openTracer } from '../tracer.ts';

const canTry =
  platform() === 'linux' &&
  (await load('linux', process.arch, async () => (await import('../../libc/koffi.ts')).koffiLibc())).libc !== null;
const NAME = 'kms.example' as DnsName;
const tls = tlsOpening(NAME);
const http = httpOpening('kms.example', 'outrider');

async function against(
  server: Server,
  opening: Opening | null,
  signal = new AbortController().signal,
): Promise<{ readonly attempt: Attempt<FullSize>; readonly connections: number }> {
  server.listen(0, '127.0.0.64');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const meter = createMeter();
  const tracer = openTracer(meter, opening);
  const address = '127.0.0.64' as IpAddress;
  const endpoint = { id: endpointId(address, port), address, port, family: familyOf(address) };
  const attempt = await tracer.fullSize({ ...endpoint, zone: null, zoneSource: null, ttlSeconds: null }, signal);
  tracer.close();
  server.close();
  return { attempt, connections: meter.read().connections };
}

const quiet = (): Server => createServer((socket) => socket.on('error', () => undefined).resume());
const saying = (bytes: Buffer, thenEnds = false): Server =>
  createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => (thenEnds ? socket.end(bytes) : socket.write(bytes)));
  });

test.runIf(canTry).each<[string, () => Server, Opening, object]>([
  ['an answer of a certificate or more', () => saying(Buffer.alloc(4000, 22)), tls, { delivered: true, ended: false }],
  [
    'an alert',
    () => saying(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
    tls,
    { delivered: true, ended: true, receivedBytes: 7 },
  ],
  ['a few bytes and the end', () => saying(Buffer.alloc(9, 22), true), tls, { delivered: true, ended: true }],
  ['a request that nobody answers', quiet, http, { delivered: true, receivedBytes: null }],
  [
    'a server of TLS without a certificate',
    () => createTlsServer().on('tlsClientError', () => undefined),
    tls,
    { ended: true },
  ],
])('%s ends it after one connection', async (_title, open, opening, trial) => {
  const { attempt, connections } = await against(open(), opening);
  expect(attempt).toMatchObject({ state: 'complete', value: { trials: [trial], reaches: [] } });
  expect(connections).toBe(1);
});

test.runIf(canTry)('a server that takes all and says nothing is tried with smaller ones, and all arrive', async () => {
  const { attempt, connections } = await against(quiet(), tls);
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  const { trials, reaches } = attempt.value;
  expect(trials.every(({ delivered, receivedBytes }) => delivered && receivedBytes === 0)).toBe(true);
  expect(trials.slice(2).map(({ packetBytes }) => packetBytes)).toEqual([
    4352, 1500, 1492, 1476, 1460, 1420, 1400, 1280, 1006, 576,
  ]);
  expect(reaches).toEqual([]);
  expect(connections).toBe(12);
});

test.runIf(canTry)('what the end of the journey cuts off tells nothing', async () => {
  const over = new AbortController();
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => over.abort());
  });
  const { attempt, connections } = await against(server, tls, over.signal);
  expect(attempt).toMatchObject({ state: 'unfinished', value: null });
  expect(connections).toBe(1);
});

test.runIf(canTry)('a closed port, an end that came before, and nothing to say', async () => {
  const closed = quiet();
  const address = '127.0.0.64' as IpAddress;
  const tracer = openTracer(createMeter(), tls);
  const rest = { family: 4, zone: null, zoneSource: null, ttlSeconds: null } as const;
  const port = 9;
  const attempt = await tracer.fullSize(
    { id: endpointId(address, port), address, port, ...rest },
    new AbortController().signal,
  );
  tracer.close();
  expect(attempt).toMatchObject({ state: 'failed' });
  expect((await against(closed, tls, AbortSignal.abort())).attempt).toMatchObject({ state: 'unfinished', value: null });
  expect((await against(quiet(), null)).attempt).toMatchObject({ state: 'skipped' });
});

test.each([500, 536, 1208, 1440, 8948])('the first words are %i bytes', (length) => {
  expect(http.bytes(length)).toHaveLength(length);
  expect(Buffer.from(http.bytes(length)).toString('latin1')).not.toContain('\r\n\r\n');
  const hello = Buffer.from(tls.bytes(length));
  expect(hello.readUInt16BE(3)).toBe(hello.length - 5);
  // A hello of 256 to 511 bytes is never sent: RFC 7685.
  expect(hello).toHaveLength(Math.max(length, 517));
});
