// Owns the proof that lateness is a bound: whatever came while the loop was held up lay no longer than it says, and hardly shorter.
// Never asserts how quick a machine is.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { now } from '../clock.ts';
import { watchLateness } from '../lateness.ts';

const HELD_MS = 120;

function holdUp(forMs: number): void {
  const untilMs = now() + forMs;
  while (now() < untilMs);
}

test('what came while the loop was held up is late by that, and no later than was looked', { retry: 2 }, async () => {
  // The peer is a thread, which writes while this one is held up.
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    const socket = require('node:net').connect(workerData, '127.0.0.1', () => parentPort.postMessage('connected'));
    parentPort.on('message', () => setTimeout(() => socket.write('x'), 20));`;
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const worker = new Worker(code, { eval: true, workerData: (server.address() as { port: number }).port });
  const [accepted] = (await once(server, 'connection')) as [import('node:net').Socket];
  const lateness = watchLateness();
  onTestFinished(lateness.stop);
  const told = once(accepted, 'data').then(() => lateness.lateAt(now()));
  await sleep(20);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  worker.postMessage('now');
  holdUp(HELD_MS);
  const lateMs = await told;
  expect(lateMs).toBeGreaterThan(HELD_MS / 2);
  expect(lateness.longestMs()).toBeGreaterThanOrEqual(lateMs);
  await worker.terminate();
  server.close();
});

test('it is never more than the time since the watch began', async () => {
  await sleep(5);
  const beforeMs = now();
  const lateness = watchLateness();
  onTestFinished(lateness.stop);
  const atMs = now() + 3;
  expect(lateness.lateAt(atMs)).toBeLessThanOrEqual(atMs - beforeMs + 1);
  holdUp(30);
  expect(lateness.lateAt(now())).toBeGreaterThanOrEqual(30);
});

test('a loop that is idle bounds its figures to a few ticks', { retry: 3 }, async () => {
  const server = createServer((socket) => void socket.end('x')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lateness = watchLateness();
  onTestFinished(lateness.stop);
  await sleep(30);
  const found: number[] = [];
  for (let at = 0; at < 30; at++) {
    await once(connect((server.address() as { port: number }).port, '127.0.0.1'), 'data');
    found.push(lateness.lateAt(now()));
  }
  server.close();
  expect(found.toSorted((a, b) => a - b)[15]).toBeLessThan(20);
});
