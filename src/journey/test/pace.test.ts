import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { now } from '../../net/clock.ts';
import { gate, sleepUntil } from '../pace.ts';

describe('gate', () => {
  test('never lets more in than it has places, and settles when all have ended', async () => {
    const places = gate(3);
    let inside = 0;
    let most = 0;
    let ended = 0;
    for (let task = 0; task < 20; task++) {
      await places.run(async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, task % 4));
        inside--;
        ended++;
      });
    }
    await places.settled();
    expect([most, ended]).toEqual([3, 20]);
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
  await places.run(async () => {
    await slow.promise;
    events.push('slow');
  });
  await places.run(() => Promise.reject(new Error('a fault')));
  await new Promise((done) => setImmediate(done));
  await expect(places.run(async () => void events.push('started'))).rejects.toThrow('a fault');
  slow.resolve();
  await expect(places.settled()).rejects.toThrow('a fault');
  expect(events).toEqual(['slow']);
});
