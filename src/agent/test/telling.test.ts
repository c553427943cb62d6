// Holds the agent to what its log says of a target that cannot be ridden and of turns that pass: once, or at a pace, however many there are.
import { expect, test, vi } from 'vitest';
import { UsageError } from '../../model/usage-error.ts';
import { Agent } from '../agent.ts';
import type { Told } from '../log/agent-log.ts';
import type { Ridden } from '../riding.ts';

const TARGETS = 50;
const INTERVAL_MS = 10_000;

test('turns that pass are told at a pace, with how many were kept back; a target that cannot be ridden is told once', async () => {
  vi.useFakeTimers();
  const lines: [string, Told | undefined][] = [];
  const tell = (message: string, attributes?: Told): void => void lines.push([message, attributes]);
  let nowMs = 0;
  let due: (() => void)[] = [];
  const agent = new Agent({
    ...{ probes: [], version: '0', quote: (argv) => argv.join(' '), newId: () => 'id', wallClockMs: () => nowMs },
    vantage: () => {
      throw new UsageError('nobody is here');
    },
    samplesOf: async () => [],
    clock: { nowMs: () => nowMs, at: (_ms, callback) => (due.push(callback), () => undefined) },
    log: { info: tell, warn: tell, error: tell },
  });
  const pace = { intervalMs: INTERVAL_MS, jitterMs: 0, labels: {}, confirm: null };
  const targets = Array.from({ length: TARGETS }, (_, at) => ({ ...pace, name: `t${at}`, settings: {}, policy: {} }));
  agent.set({
    targets: targets as unknown as readonly Ridden[],
    concurrency: TARGETS,
    history: 1,
    metrics: { windowMs: 600_000, without: [] },
  });
  // The process slept, again and again.
  for (let round = 1; round <= 3; round++) {
    nowMs += 5 * INTERVAL_MS;
    for (const wake of due.splice(0)) wake();
    await vi.advanceTimersByTimeAsync(0);
  }
  due = [];
  await vi.advanceTimersByTimeAsync(60_000);
  await agent.close(0);
  vi.useRealTimers();
  const of = (message: string) => lines.flatMap(([said, attributes]) => (said === message ? [attributes] : []));
  const missed = of('turns missed');
  expect(missed.length).toBe(21);
  expect(missed[0]).toEqual({ target: 't0', reason: 'late', turns: expect.any(Number) });
  expect(missed[20]).toEqual({ kept_back: 3 * TARGETS - 20, seconds: 60 });
  const unridden = of('target not ridden');
  expect(unridden.length).toBe(21);
  expect(unridden[0]).toEqual({ target: expect.stringMatching(/^t\d+$/), err: 'nobody is here' });
  // Fifty of them, three times each.
  expect(unridden[20]).toEqual({ kept_back: TARGETS - 20, seconds: 60 });
});
