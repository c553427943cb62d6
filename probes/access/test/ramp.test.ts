// Owns the trial of the ramp against limiters of every common kind, in a time of its own: no network, no real waiting.
import { describe, expect, test } from 'vitest';
import { rampPlan } from '../../../src/model/ramp-plan.ts';
import { type Came, estimateOf, type Pacing, rampUp } from '../ramp.ts';

/** Whether a request at that time is let through. */
type Limiter = (atMs: number) => boolean;

/** nginx limit_req with nodelay, and every other leaky bucket. */
function leaky(perSecond: number, burst: number): Limiter {
  let excess = 0;
  let lastMs: number | null = null;
  return (atMs) => {
    const leaked = lastMs === null ? 0 : ((atMs - lastMs) * perSecond) / 1000;
    const next = lastMs === null ? 0 : Math.max(0, excess - leaked + 1);
    if (next > burst) return false;
    excess = next;
    lastMs = atMs;
    return true;
  };
}

/** So many in each second of the clock. */
function fixedWindow(perSecond: number): Limiter {
  const counts = new Map<number, number>();
  return (atMs) => {
    const window = Math.floor(atMs / 1000);
    const used = (counts.get(window) ?? 0) + 1;
    counts.set(window, used);
    return used <= perSecond;
  };
}

function virtual(limiter: Limiter, latenessMs: (turn: number) => number = () => 0): Pacing<null> {
  let nowMs = 5_000;
  let turn = 0;
  return {
    now: () => nowMs,
    until: async (atMs) => {
      nowMs = Math.max(nowMs, atMs) + latenessMs(turn++);
    },
    send: async () => ({
      answer: null,
      came: (limiter(nowMs) ? 'fine' : 'throttled') as Came,
      waitMs: 1,
      writtenMs: null,
    }),
    signal: new AbortController().signal,
  };
}

const kinds: readonly (readonly [string, (rate: number) => Limiter])[] = [
  ['a leaky bucket without burst', (rate) => leaky(rate, 0)],
  ['a leaky bucket with a burst of a tenth of a second', (rate) => leaky(rate, Math.round(rate / 10))],
  ['a leaky bucket with a burst of a third of a second', (rate) => leaky(rate, Math.round(rate / 3))],
  ['a leaky bucket with a burst of half a second', (rate) => leaky(rate, Math.round(rate / 2))],
  ['a fixed window of a second', (rate) => fixedWindow(rate)],
];

describe.each(kinds)('%s', (_, limiterOf) => {
  test.each([10, 17, 20, 33, 50, 75, 100])('of %d a second is found within 10 percent', async (rate) => {
    const plan = rampPlan({ fromPerSecond: rate / 4, toPerSecond: rate * 2 });
    const { end, turned, sent } = await rampUp(plan, virtual(limiterOf(rate)));
    expect(end).toBe('throttled');
    const { likely, low, high } = estimateOf(turned?.timesMs ?? []);
    expect(Math.abs(likely / rate - 1)).toBeLessThanOrEqual(0.1);
    expect(low).toBeLessThanOrEqual(rate);
    expect(high).toBeGreaterThanOrEqual(rate * 0.97);
    expect(sent).toBeLessThanOrEqual(plan.mostRequests);
  });
});

test('a narrow range finds a bucket of a whole second too', async () => {
  const plan = rampPlan({ fromPerSecond: 16, toPerSecond: 30 });
  const { turned } = await rampUp(plan, virtual(leaky(20, 20)));
  expect(Math.abs(estimateOf(turned?.timesMs ?? []).likely / 20 - 1)).toBeLessThanOrEqual(0.1);
});

test('a clock that wakes late is not made up for by a burst', async () => {
  const plan = rampPlan({ fromPerSecond: 10, toPerSecond: 60 });
  const { turned } = await rampUp(
    plan,
    virtual(leaky(40, 0), (turn) => (turn % 50 === 0 ? 60 : 0)),
  );
  expect(Math.abs(estimateOf(turned?.timesMs ?? []).likely / 40 - 1)).toBeLessThanOrEqual(0.15);
});

test('without a limit it ends at the top, with no more requests than were said', async () => {
  const plan = rampPlan({ fromPerSecond: 5, toPerSecond: 40 });
  const { end, sent, turned, reachedPerSecond, elapsedMs } = await rampUp(
    plan,
    virtual(() => true),
  );
  expect([end, turned]).toEqual(['max', null]);
  expect(sent).toBeLessThanOrEqual(plan.mostRequests);
  expect(reachedPerSecond).toBeGreaterThan(38);
  expect(elapsedMs).toBeLessThanOrEqual(plan.lastsMs + 4000);
});

test('the first that is turned away ends it, also when its answer comes late', async () => {
  const plan = rampPlan({ fromPerSecond: 10, toPerSecond: 100 });
  const pacing = virtual(() => true);
  let sent = 0;
  const { end, turned } = await rampUp(plan, {
    ...pacing,
    send: async () => ({ answer: null, came: ++sent > 30 ? 'throttled' : 'fine', waitMs: 1, writtenMs: null }),
  });
  expect([end, turned?.position]).toEqual(['throttled', 31]);
  expect(sent).toBeLessThanOrEqual(32);
});

test('three failures in a row end it, and are no limit', async () => {
  const plan = rampPlan({ fromPerSecond: 10, toPerSecond: 100 });
  const { end, turned, answered } = await rampUp(plan, {
    ...virtual(() => true),
    send: async () => ({ answer: null, came: 'failed', waitMs: null, writtenMs: null }),
  });
  expect([end, turned, answered]).toEqual(['failing', null, 0]);
});

test('a service that no longer answers is not asked without end', async () => {
  const plan = rampPlan({ fromPerSecond: 100, toPerSecond: 1000 });
  const { end, sent } = await rampUp(plan, {
    ...virtual(() => true),
    send: () => Promise.withResolvers<never>().promise,
  });
  expect(end).toBe('waiting');
  expect(sent).toBe(256);
});

test('it stops with the journey', async () => {
  const stop = new AbortController();
  const plan = rampPlan({ fromPerSecond: 10, toPerSecond: 100 });
  const pacing = virtual(() => true);
  let sent = 0;
  const send = async () => {
    if (++sent === 20) stop.abort();
    return { answer: null, came: 'fine' as const, waitMs: 1, writtenMs: null };
  };
  expect(await rampUp(plan, { ...pacing, send, signal: stop.signal })).toMatchObject({ end: 'cut', sent: 20 });
});
