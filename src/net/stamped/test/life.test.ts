// Owns what is left behind by sockets of our own: nothing; and what is told of a connect whose SYN was lost.
// Never counts descriptors while another test of the file runs.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import type { Endpoint } from '../../../model/target.ts';
import { openLibc } from '../../libc/open.ts';
import { openSampler } from '../../sample/sampler.ts';
import { endpointFor, optionsFor, outcomeOf, sampleOf } from '../../sample/test/riding.ts';
import { ADDRESS, answering, reset, startTcp, startTls } from '../../sample/test/servers.ts';
import { openStamping, type Stamping } from '../open.ts';

const BY_KERNEL = { clock: 'kernel' } as const;
const { libc } = await openLibc();
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe.skipIf(libc === null)('a socket of our own', () => {
  test('leaves no descriptor behind, however 500 samples end', { timeout: 120_000 }, async () => {
    await using good = await startTls(answering(OK));
    await using bad = await startTls((socket) => reset(socket));
    await using early = await startTcp((socket) => socket.destroy());
    await using silent = await startTcp(() => undefined);
    const closed = await startTcp(() => undefined);
    await closed[Symbol.asyncDispose]();
    const servers = [good, bad, early, silent, closed];
    const before = descriptors();
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        servers.flatMap((server) =>
          Array.from({ length: 5 }, async (_, at) => {
            const stop = new AbortController();
            const sampler = await openSampler(optionsFor(server, BY_KERNEL));
            // The silent one is given up in different states.
            if (server === silent) setTimeout(() => stop.abort(), at * 3);
            const { trace } = await sampler.sample(endpointFor(server), at, stop.signal);
            if (server === good) expect(outcomeOf(trace)).toBe('200');
            else expect(trace.problem).not.toBeNull();
            await sampler.close();
          }),
        ),
      );
    }
    await vi.waitFor(() => expect(descriptors()).toBeLessThanOrEqual(before), { timeout: 10_000 });
  });

  test('sends more than the kernel takes at once, and ends each side by itself', async () => {
    const received: Buffer[] = [];
    // More than both kernels' buffers take, and nobody reads before this turn of the loop is over.
    await using server = await startTcp((socket) => {
      socket.on('data', (chunk: Buffer) => received.push(chunk)).on('end', () => socket.end('bye'));
    });
    await using stamping = await opened();
    const socket = stamping.value.connect(endpointFor(server) as Endpoint);
    const big = Buffer.alloc(8_388_608, 'x');
    const answer: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answer.push(chunk));
    await once(socket, 'connect');
    socket.write(big);
    // Half closed: the other direction goes on.
    socket.end();
    await once(socket, 'close');
    expect(Buffer.concat(received).equals(big)).toBe(true);
    expect(Buffer.concat(answer).toString()).toBe('bye');
    expect(socket.bytesWritten).toBe(big.byteLength);
    expect(socket.fd).toBe(-1);
  });

  test('reads no further than it is asked for', async () => {
    let sent = 0;
    await using server = await startTcp((socket) => {
      const more = (): void => {
        while (socket.writable && sent < 64_000_000 && socket.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      socket.on('drain', more);
      more();
    });
    await using stamping = await opened();
    const socket = stamping.value.connect(endpointFor(server) as Endpoint);
    await once(socket, 'readable');
    // Two looks apart see no progress: the other side is held up.
    let last = -1;
    await vi.waitFor(
      () => {
        const [was, is] = [last, sent];
        last = sent;
        expect(is).toBe(was);
      },
      { timeout: 5_000, interval: 50 },
    );
    expect(socket.readableLength).toBeLessThan(1_048_576);
    expect(sent).toBeLessThan(64_000_000);
    socket.destroy();
  });
});

async function opened(): Promise<AsyncDisposable & { readonly value: Stamping }> {
  const value = await openStamping();
  if (value === null) throw new Error('no stamping here');
  return {
    value,
    async [Symbol.asyncDispose]() {
      value.close();
    },
  };
}

describe.runIf(process.platform === 'linux')('a lost SYN', () => {
  test.for(['loop', 'kernel'] as const)('is counted, by the clock %s', { timeout: 20_000 }, async (clock) => {
    await using port = await startLatePort(300);
    const { trace } = await sampleOf(port, { scheme: 'http', clock });
    // Without the kernel's word there is only a slow connect.
    if (libc === null) return;
    expect(trace.tcp?.synsLost).toBeGreaterThanOrEqual(1);
    expect(trace.spans.connect).toMatchObject({ clock: 'loop', retransmits: trace.tcp?.synsLost });
    expect(trace.spans.connect?.durationMs).toBeGreaterThan(500);
  });
});

/** A full queue drops SYNs until the listener comes to itself, so that the first one is sent again. */
async function startLatePort(asleepMs: number) {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.write(${JSON.stringify(OK)}));
    });
    server.listen({ host: '${ADDRESS}', port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      const gate = new Int32Array(new SharedArrayBuffer(4));
      parentPort.postMessage(gate);
      setImmediate(() => Atomics.wait(gate, 0, 0));
    });`;
  const worker = new Worker(code, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const [gate] = (await once(worker, 'message')) as [Int32Array];
  const waiting: Socket[] = Array.from({ length: 6 }, () =>
    connect({ host: ADDRESS, port }).on('error', () => undefined),
  );
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  setTimeout(() => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  }, asleepMs);
  return {
    ...{ address: ADDRESS, port },
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}
