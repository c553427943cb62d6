// Owns the tests of the kernel's view of a connection: present on Linux with koffi, null everywhere else, never more than the loop saw.
// Never asserts how fast this machine is.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endpointId } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { now } from '../clock.ts';
import { connectTo } from '../sample/connect.ts';
import { openTcpInfo, readTcpInfo } from '../tcp-info.ts';

const server = createServer((socket) => socket.on('error', () => undefined).resume());
const address = '127.0.0.62' as IpAddress;
const never = new AbortController().signal;
const hasKernel =
  process.platform === 'linux' &&
  (await import('koffi').then(
    () => true,
    () => false,
  ));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => {
  vi.doUnmock('koffi');
  vi.resetModules();
});

const port = (): number => (server.address() as AddressInfo).port;
const endpoint = (): Parameters<typeof connectTo>[0] => ({
  ...{ id: endpointId(address, port()), address, port: port(), family: 4 },
  ...{ zone: null, zoneSource: null, ttlSeconds: null },
});

async function connected(): Promise<Socket> {
  const socket = connect({ host: address, port: port(), autoSelectFamily: false });
  await once(socket, 'connect');
  return socket;
}

describe.runIf(hasKernel)('with the kernel', () => {
  test('a new connection has a round trip time that the loop cannot have seen shorter', async () => {
    await openTcpInfo();
    for (let round = 0; round < 20; round++) {
      const beganMs = now();
      const socket = await connected();
      const loopMs = now() - beganMs;
      const info = readTcpInfo(socket);
      socket.destroy();
      expect(info).toMatchObject({ retransmits: 0 });
      expect(info?.rttMs).toBeGreaterThan(0);
      expect(info?.rttMs).toBeLessThanOrEqual(loopMs);
      // RFC 9293 3.7.1: no peer takes less than 536 bytes over IPv4.
      expect(info?.mssBytes).toBeGreaterThanOrEqual(536);
    }
  });

  test('a busy loop delays the loop, not the connection, and is no connect timeout', async () => {
    await openTcpInfo();
    const beganMs = now();
    // Busy for longer than the bound: the connection is there before the loop hears of anything.
    const connecting = connectTo(endpoint(), 10, never, () => undefined);
    while (now() - beganMs < 50);
    const { socket, clock, durationMs, tcp } = await connecting;
    const loopMs = now() - beganMs;
    socket.destroy();
    expect(clock).toBe('kernel');
    expect(durationMs).toBe(tcp?.rttMs);
    expect(durationMs).toBeLessThan(loopMs);
    expect(loopMs).toBeGreaterThanOrEqual(50);
  });

  test('a closed connection, one not begun and one that is not TCP have none', async () => {
    await openTcpInfo();
    const socket = await connected();
    socket.destroy();
    expect(readTcpInfo(socket)).toBeNull();
    expect(readTcpInfo(new Socket())).toBeNull();
    const folder = await mkdtemp(join(tmpdir(), 'tcp-info-'));
    const local = createServer().listen(join(folder, 'socket'));
    await once(local, 'listening');
    const piped = connect(join(folder, 'socket'));
    await once(piped, 'connect');
    expect(readTcpInfo(piped)).toBeNull();
    piped.destroy();
    local.close();
    await rm(folder, { recursive: true });
  });
});

test('without koffi there is no kernel figure, and the connection is timed by the loop', async () => {
  vi.doMock('koffi', () => {
    throw new Error('not installed');
  });
  vi.resetModules();
  const fresh = await import('../tcp-info.ts');
  const { connectTo: connectWithout } = await import('../sample/connect.ts');
  await fresh.openTcpInfo();
  const { socket, clock, durationMs, tcp } = await connectWithout(endpoint(), 5_000, never, () => undefined);
  expect(fresh.readTcpInfo(socket)).toBeNull();
  socket.destroy();
  expect([clock, tcp]).toEqual(['loop', null]);
  expect(durationMs).toBeGreaterThan(0);
});

test('before it is opened there is no kernel figure', async () => {
  vi.resetModules();
  const fresh = await import('../tcp-info.ts');
  const socket = await connected();
  expect(fresh.readTcpInfo(socket)).toBeNull();
  socket.destroy();
});
