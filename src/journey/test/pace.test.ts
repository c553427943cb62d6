import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { StartFacts } from '../../model/trace.ts';
import { now } from '../../net/clock.ts';
import { gate, roundMs, Starts, sleepUntil } from '../pace.ts';

describe('gate', () => {
  test('never lets more in than it has places, turns the others away, and settles when all have ended', async () => {
    const places = gate(3);
    const tasks = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    let ended = 0;
    const start = (): readonly boolean[] =>
      tasks.map(({ promise }) =>
        places.start(async () => {
          await promise;
          ended++;
        }),
      );
    expect(start()).toEqual([true, true, true, false, false]);
    for (const { resolve } of tasks) resolve();
    await places.settled();
    expect(ended).toBe(3);
    expect(start()).toEqual([true, true, true, false, false]);
    await places.settled();
  });
});

describe('sleepUntil', () => {
  test('ends at once when the signal aborts, and leaves no listener behind', async () => {
    const stop = new AbortController();
    const sleeping = sleepUntil(now() + 60_000, stop.signal);
    stop.abort();
    await sleeping;
    await sleepUntil(now() + 60_000, stop.signal);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('never ends before its moment', async () => {
    const early: number[] = [];
    for (let at = 0; at < 50; at++) {
      const untilMs = now() + 1 + at / 50;
      await sleepUntil(untilMs, new AbortController().signal);
      if (now() < untilMs) early.push(untilMs - now());
    }
    expect(early).toEqual([]);
  });

  test('a moment in the past is now', async () => {
    const asked = now();
    await sleepUntil(asked - 1, new AbortController().signal);
    expect(now() - asked).toBeLessThan(10_000);
  });
});

test('a task that rejects while nobody waits is thrown by what comes next, when all others have ended', async () => {
  const places = gate(3);
  const events: string[] = [];
  const slow = Promise.withResolvers<void>();
  places.start(async () => {
    await slow.promise;
    events.push('slow');
  });
  places.start(() => Promise.reject(new Error('a fault')));
  await new Promise((done) => setImmediate(done));
  expect(() => places.start(async () => void events.push('started'))).toThrow('a fault');
  slow.resolve();
  await expect(places.settled()).rejects.toThrow('a fault');
  expect(events).toEqual(['slow']);
});

test.each<[rate: number, endpoints: number, everyMs: number]>([
  [10, 1, 100],
  [10, 40, 100],
  [10, 64, 160],
  [1000, 1, 2.5],
  [0.5, 64, 2000],
])('%d a second to each of %i endpoints is a round every %d ms', (rate, endpoints, everyMs) => {
  expect(roundMs(rate, endpoints)).toBe(everyMs);
});

describe('starts of an endpoint, due every 100 ms', () => {
  test.each<[late: readonly number[], facts: StartFacts]>([
    [[0, 5, 99], {}],
    [[0, 350, 250, 0], { startedLateMs: 350 }],
  ])('that come %j ms late', (late, facts) => {
    const starts = new Starts(100);
    for (const [round, ms] of late.entries()) starts.began(round * 100, round * 100 + ms);
    expect(starts.facts()).toEqual(facts);
  });

  test('catch up at twice the rate at most, and not with what is a second late', () => {
    const starts = new Starts(100);
    starts.began(0, 500);
    expect(starts.earliestMs).toBe(550);
    expect([starts.isTooLate(100, 1_100), starts.isTooLate(100, 1_101)]).toEqual([false, true]);
    expect(new Starts(5_000).isTooLate(0, 4_000)).toBe(false);
  });
});
