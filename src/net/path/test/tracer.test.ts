// Owns the tests of tracing on this machine alone, where the endpoint is one step away, and of machines that cannot. Routers: test/system/path.test.ts.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { platform } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TraceOptions } from '../../../contract/path.ts';
import { type Endpoint, endpointId, familyOf } from '../../../model/target.ts';
import type { IpAddress } from '../../../model/text.ts';
import { load } from '../../libc/open.ts';
import { createMeter } from '../../meter.ts';
import { kernelReads, openTracer } from '../tracer.ts';

const options: TraceOptions = {
  ...{ method: 'tcp', flows: 2, rounds: 2, targetRounds: 1, maxTtl: 4, silentStop: 2, giveUpMs: 900 },
};
const never = new AbortController().signal;
const canTrace =
  platform() === 'linux' &&
  (await load('linux', process.arch, async () => (await import('../../libc/koffi.ts')).koffiLibc())).libc !== null;

function endpointAt(address: string, port: number): Endpoint {
  const ip = address as IpAddress;
  return {
    id: endpointId(ip, port),
    address: ip,
    port,
    family: familyOf(ip),
    zone: null,
    zoneSource: null,
    ttlSeconds: null,
  };
}

async function closedPort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

afterEach(() => {
  vi.doUnmock('koffi');
  vi.resetModules();
});

describe.runIf(canTrace)('on this machine', () => {
  test('an open port is reached by a connection of each flow, which is reset', async () => {
    const ended: string[] = [];
    const server = createServer((socket) => socket.on('error', ({ message }) => ended.push(message)).resume());
    server.listen(0, '127.0.0.63');
    await once(server, 'listening');
    const meter = createMeter();
    const tracer = openTracer(meter);
    const { port } = server.address() as AddressInfo;
    const attempt = await tracer.trace(endpointAt('127.0.0.63', port), options, never);
    tracer.close();
    if (attempt.state !== 'complete') throw new Error(attempt.state);
    const { replies, sourcePorts, method } = attempt.value;
    expect(replies.map(({ flow, round, ttl, outcome }) => [flow, round, ttl, outcome])).toEqual([
      [0, 0, 1, 'reached'],
      [1, 0, 1, 'reached'],
    ]);
    for (const { from, latencyMs, clock } of replies) {
      expect([from, clock]).toEqual(['127.0.0.63', 'kernel']);
      expect(latencyMs).toBeGreaterThan(0);
    }
    expect(method).toBe('tcp');
    expect(new Set(sourcePorts).size).toBe(2);
    expect(meter.read()).toMatchObject({ traceProbes: 2, connections: 0 });
    await expect.poll(() => ended).toEqual(['read ECONNRESET', 'read ECONNRESET']);
    server.close();
  });

  test.each(['127.0.0.63', '::1'])('a closed port of %s was reached too, by SYN and by datagram', async (address) => {
    const port = await closedPort(address);
    for (const method of ['tcp', 'udp'] as const) {
      const tracer = openTracer(createMeter());
      const attempt = await tracer.trace(endpointAt(address, port), { ...options, method, flows: 1 }, never);
      tracer.close();
      expect(attempt).toMatchObject({
        state: 'complete',
        value: { method, replies: [{ outcome: 'refused', from: address }] },
      });
    }
  });

  test('the source port that is asked for is taken', async () => {
    const [port, sourcePort] = [await closedPort('127.0.0.63'), await closedPort('127.0.0.63')];
    const tracer = openTracer(createMeter());
    const attempt = await tracer.trace(
      endpointAt('127.0.0.63', port),
      { ...options, sourcePort, targetRounds: 2 },
      never,
    );
    tracer.close();
    expect(attempt).toMatchObject({ value: { sourcePorts: [sourcePort, expect.any(Number)] } });
  });

  test('a signal that came before sends nothing', async () => {
    const meter = createMeter();
    const tracer = openTracer(meter);
    const attempt = await tracer.trace(endpointAt('127.0.0.63', 9), options, AbortSignal.abort());
    tracer.close();
    expect(attempt).toMatchObject({ state: 'unfinished', value: { replies: [] } });
    expect(meter.read()).not.toHaveProperty('traceProbes');
  });
});

test('without koffi the path is left out with the reason, and nothing is sent', async () => {
  vi.doMock('koffi', () => {
    throw new Error('not installed');
  });
  vi.resetModules();
  const fresh = await import('../tracer.ts');
  const meter = createMeter();
  const attempt = await fresh.openTracer(meter).trace(endpointAt('127.0.0.63', 9), options, never);
  const because = platform() === 'linux' ? 'koffi is not installed' : 'needs Linux';
  expect(attempt).toMatchObject({ state: 'skipped', because: expect.stringContaining(because) as string });
  expect(meter.read()).not.toHaveProperty('traceProbes');
});

test.each([
  ['darwin', 'arm64', 'it needs Linux, and this is darwin'],
  ['linux', 's390x', 'it does not know the C library of Linux on s390x'],
  ['linux', 'x64', 'the optional package koffi is not installed, or has no binary for this machine'],
])('%s on %s has no C library for it: %s', async (system, processor, because) => {
  expect(await load(system, processor, () => Promise.reject(new Error('none')))).toEqual({ libc: null, because });
});

test.each([
  ['6.18.44-fc', true],
  ['5.9.0', true],
  ['5.8.18', false],
  ['4.19.0-27-amd64', false],
  ['', false],
])('a SYN of Linux %s reads its errors: %s', (version, reads) => expect(kernelReads(version)).toBe(reads));
