// What is told of a figure by the event loop while it is stopped: the truth lies within, whether or not the kernel says when data came.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Span } from '../../../model/trace.ts';
import { now } from '../../clock.ts';
import { openLibc } from '../../libc/open.ts';
import { jiffyMs, openTcpInfo } from '../../tcp-info.ts';
import { LoopBounds } from '../loop-bounds.ts';
import { ADDRESS, startTcp } from './servers.ts';

const { libc } = await openLibc();
await openTcpInfo();
const STOPPED_MS = 60;
/** Two clocks read one after the other, and loopback itself. */
const READING_MS = 1;

type Figure = Omit<Span, 'startMs'>;

function stopLoop(): void {
  const untilMs = now() + STOPPED_MS;
  while (now() < untilMs);
}

/** CLOCK_MONOTONIC, which all threads share: `now()` began at another moment in each. */
function shared(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Answers from a thread of its own in parts, one every `apartMs`, and tells right before and after each when that was. */
async function startAnswering(parts: number, apartMs: number) {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const at = () => Number(process.hrtime.bigint()) / 1e6;
    const server = require('node:net').createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined).on('data', () => {
        const moments = [];
        const write = () => {
          const before = at();
          socket.write('part');
          moments.push([before, at()]);
          if (moments.length < workerData.parts) setTimeout(write, workerData.apartMs);
          else parentPort.postMessage(moments);
        };
        write();
      });
    });
    server.listen({ host: '${ADDRESS}', port: 0 }, () => parentPort.postMessage(server.address().port));`;
  const worker = new Worker(code, { eval: true, workerData: { parts, apartMs } });
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  return { port, moments: once(worker, 'message') as Promise<[readonly (readonly [number, number])[]]> };
}

/** Asks, is stopped while the answer comes, and then hears of it. */
async function waited(parts: number, apartMs: number) {
  const { port, moments } = await startAnswering(parts, apartMs);
  const socket = connect({ host: ADDRESS, port, noDelay: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const bounds = new LoopBounds(socket);
  await new Promise((resolve) => setTimeout(resolve, 5));
  socket.write('ask');
  const [sentMs, sentAt] = [now(), shared()];
  bounds.sent();
  stopLoop();
  const loopMs = await new Promise<number>((resolve) => {
    socket.once('data', () => {
      bounds.firstByte(now());
      resolve(now() - sentMs);
    });
  });
  const figure = bounds.wait(loopMs);
  bounds.stop();
  const [came] = await moments;
  return { figure, loopMs, truth: came.map((part) => part.map((at) => at - sentAt)) };
}

function expectWithin(
  { durationMs, uncertaintyMs = Number.NaN }: Figure,
  [from = 0, to = 0]: readonly number[] = [],
): void {
  expect(durationMs - uncertaintyMs).toBeLessThanOrEqual(to + READING_MS);
  expect(durationMs).toBeGreaterThanOrEqual(from - READING_MS);
}

describe.skipIf(libc === null)('what came while the loop was stopped', () => {
  const jiffy = (): number => jiffyMs() ?? Number.NaN;

  test('in one segment: the kernel says when, to a jiffy', { retry: 2 }, async () => {
    const { figure, truth } = await waited(1, 0);
    expectWithin(figure, truth[0]);
    expect(figure.clock).toBe('loop');
    // Nearer than the loop was late.
    expect(figure.uncertaintyMs).toBeLessThan(2 * jiffy() + 2 * READING_MS);
    expect(figure.durationMs).toBeLessThan((truth[0]?.[1] ?? 0) + 2 * jiffy() + 2 * READING_MS);
  });

  test('in several: no later than the last, and as early as the loop can have missed it', { retry: 2 }, async () => {
    const { figure, truth, loopMs } = await waited(3, 10);
    expectWithin(figure, truth[0]);
    // All that the loop was stopped may be wrong but what the last segment bounds.
    expect(figure.uncertaintyMs).toBeGreaterThan(STOPPED_MS - (loopMs - figure.durationMs) - 2 * jiffy());
  });
});

describe('an answer that came before it was asked for', () => {
  test('has no wait, and the time that it lay is in no other figure', async () => {
    await using server = await startTcp((socket) => void socket.write('early'));
    const socket = connect({ host: ADDRESS, port: server.port });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const bounds = new LoopBounds(socket);
    await once(socket, 'readable');
    stopLoop();
    bounds.sent();
    bounds.firstByte(now());
    expect(bounds.wait(0)).toEqual({ durationMs: 0, clock: 'loop', uncertaintyMs: 0 });
    // The last byte is told without delay.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(bounds.receive(1, now()).durationMs).toBeLessThanOrEqual(1);
    bounds.stop();
  });
});

describe('where the kernel says nothing', () => {
  test('a figure may be wrong by all that the loop was stopped, and by no more than itself', async () => {
    const bounds = new LoopBounds(new Duplex() as unknown as Socket);
    await new Promise((resolve) => setTimeout(resolve, 5));
    stopLoop();
    bounds.firstByte(now());
    const wait = bounds.wait(1000);
    expect(wait).toMatchObject({ durationMs: 1000, clock: 'loop' });
    expect(wait.uncertaintyMs).toBeGreaterThanOrEqual(STOPPED_MS);
    // Both ends of the body were told late, by the same pause.
    const receive = bounds.receive(3, now());
    expect(receive.durationMs).toBe(3);
    expect(receive.uncertaintyMs).toBeGreaterThanOrEqual(STOPPED_MS);
    // The flight in between may have been told as late as the longest pause; the hello is ours.
    const handshake = bounds.handshake(1000, now(), 7);
    expect(handshake.uncertaintyMs).toBeGreaterThanOrEqual(2 * STOPPED_MS + 7);
    bounds.stop();
  });
});
