// Holds the schedule to its turns by a clock that the test moves: spread, bound, what is missed and why, what a reload keeps.
import { describe, expect, test } from 'vitest';
import { type Clock, Schedule } from '../schedule.ts';
import { dueOf, type Pace, turnAfter } from '../spread.ts';

const SECOND = 1000;

/** Time that stands until it is moved; callbacks come in the order of their moments. */
function standingClock(startMs: number): Clock & { move(toMs: number): Promise<void>; jump(toMs: number): void } {
  let nowMs = startMs;
  const timers = new Set<{ readonly ms: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    at(ms, callback) {
      const timer = { ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    jump(toMs) {
      nowMs = toMs;
    },
    async move(toMs) {
      for (;;) {
        const [next] = [...timers].filter(({ ms }) => ms <= toMs).toSorted((a, b) => a.ms - b.ms);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.ms);
        next.callback();
        await settled();
      }
      nowMs = Math.max(nowMs, toMs);
    },
  };
}

/** Promises that nothing waits for but each other have settled. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

const pace = (name: string, intervalMs = 10 * SECOND, jitterMs = 0): Pace => ({ name, intervalMs, jitterMs });

function rig(startMs = 1_000_000 * SECOND) {
  const clock = standingClock(startMs);
  const runs: { name: string; atMs: number; end: () => void; signal: AbortSignal; answer: () => void }[] = [];
  const missed: string[] = [];
  const lags: number[] = [];
  const schedule = new Schedule<Pace>({
    clock,
    run: ({ name }, signal, answer) =>
      new Promise((resolve) => {
        runs.push({ name, atMs: clock.nowMs(), end: resolve, signal, answer });
      }),
    onLag: (ms) => lags.push(ms),
    onMissed: ({ name }, reason, turns) => missed.push(`${name} ${reason} ${turns}`),
  });
  /** Meanwhile whoever is ridden answers twenty times a second. */
  const moveTalking = async (toMs: number): Promise<void> => {
    while (clock.nowMs() < toMs) {
      await clock.move(Math.min(toMs, clock.nowMs() + SECOND / 20));
      for (const run of runs) run.answer();
    }
  };
  return { clock, runs, missed, lags, schedule, startMs, moveTalking };
}

describe('turns', () => {
  test('ten thousand targets are spread evenly over their interval, and by name alone', () => {
    const [slots, targets] = [50, 10_000];
    const counts = Array.from({ length: slots }, () => 0);
    for (let at = 0; at < targets; at++) {
      const due = dueOf(pace(`kms-${at}.example`), 0);
      expect(due).toBe(dueOf(pace(`kms-${at}.example`), 0));
      const slot = Math.floor((due / (10 * SECOND)) * slots);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    // 200 a slot; 6 standard deviations of a binomial are 84.
    expect(Math.min(...counts)).toBeGreaterThan(116);
    expect(Math.max(...counts)).toBeLessThan(284);
  });

  test('the next turn is after the moment, within an interval and its jitter', () => {
    const jittered = pace('a', 10 * SECOND, 3 * SECOND);
    let afterMs = 5_000_000;
    let last = -1;
    for (let count = 0; count < 100; count++) {
      const { turn, dueMs } = turnAfter(jittered, afterMs);
      expect(dueMs).toBeGreaterThan(afterMs);
      expect(dueMs - afterMs).toBeLessThanOrEqual(13 * SECOND);
      if (last !== -1) expect(turn).toBe(last + 1);
      [last, afterMs] = [turn, dueMs];
    }
  });
});

describe('the schedule', () => {
  test('rides each target once an interval, at its own moment', async () => {
    const { clock, runs, missed, lags, schedule, startMs } = rig();
    schedule.set([pace('a'), pace('b')], 10);
    const step = async (toMs: number): Promise<void> => {
      await clock.move(toMs);
      for (const run of runs) run.end();
      await settled();
    };
    for (let at = 1; at <= 300; at++) await step(startMs + at * 100);
    const of = (wanted: string): readonly number[] =>
      runs.filter(({ name }) => name === wanted).map(({ atMs }) => atMs);
    for (const name of ['a', 'b']) {
      const [first = 0, ...later] = of(name);
      expect(later.map((ms) => ms - first)).toEqual([10 * SECOND, 20 * SECOND]);
    }
    expect(of('a')[0]).not.toBe(of('b')[0]);
    expect({ missed, lag: Math.max(...lags) }).toEqual({ missed: [], lag: 0 });
  });

  test('does not ride a target twice at once: its turns are missed, and not made up for', async () => {
    const { clock, runs, missed, schedule, startMs } = rig();
    schedule.set([pace('slow')], 10);
    await clock.move(startMs + 35 * SECOND);
    expect({ runs: runs.length, missed }).toEqual({
      runs: 1,
      missed: Array.from({ length: missed.length }, () => 'slow under_way 1'),
    });
    expect(missed.length).toBeGreaterThanOrEqual(2);
    runs[0]?.end();
    await settled();
    expect(runs).toHaveLength(1);
    await clock.move(startMs + 45 * SECOND);
    expect(runs).toHaveLength(2);
  });

  test('keeps to its bound: who finds no room waits, first come first served, and misses turns meanwhile', async () => {
    const { runs, missed, lags, schedule, startMs, moveTalking } = rig();
    schedule.set([pace('a'), pace('b'), pace('c')], 1);
    await moveTalking(startMs + 10 * SECOND);
    expect(schedule.state()).toEqual({ underWay: 1, stalled: 0, waiting: 2 });
    await moveTalking(startMs + 20 * SECOND);
    expect(missed.filter((text) => text.endsWith('no_room 1'))).toHaveLength(2);
    expect(missed).toHaveLength(3);
    runs[0]?.end();
    await settled();
    expect(runs).toHaveLength(2);
    expect(lags.at(-1)).toBeGreaterThan(10 * SECOND);
    const order = (['a', 'b', 'c'] as const).toSorted(
      (x, y) => turnAfter(pace(x), startMs).dueMs - turnAfter(pace(y), startMs).dueMs,
    );
    expect(runs.map(({ name }) => name)).toEqual(order.slice(0, 2));
  });

  test('who never answers keeps nobody waiting, and begins beside the others from then on', async () => {
    const { clock, runs, missed, lags, schedule, startMs } = rig();
    const tarpits = Array.from({ length: 100 }, (_, at) => pace(`tarpit ${at}`));
    const good = Array.from({ length: 20 }, (_, at) => pace(`good ${at}`));
    schedule.set([...tarpits, ...good], 12);
    const isGood = ({ name }: { readonly name: string }): boolean => name.startsWith('good');
    // 100 tarpits in 10 s, each silent for 9: one of 12 places were theirs for ever.
    for (let ms = 0; ms < 40 * SECOND; ms += 100) {
      await clock.move(startMs + ms);
      for (const run of runs) if (isGood(run) || clock.nowMs() - run.atMs > 9 * SECOND) run.end();
      await settled();
      const { underWay, stalled } = schedule.state();
      expect(underWay - stalled).toBeLessThanOrEqual(12);
    }
    // Each is known for what it is after its first run.
    expect(runs.filter(isGood).length).toBeGreaterThanOrEqual(20 * 3);
    expect({ missed, lag: Math.max(...lags) < SECOND }).toEqual({ missed: [], lag: true });
    expect(schedule.state().stalled).toBeGreaterThan(80);
  });

  test('with more waiting than there are places, who is silent gives its place away at once; without, after a second', async () => {
    const { clock, runs, schedule, startMs } = rig();
    const many = Array.from({ length: 200 }, (_, at) => pace(`silent ${at}`));
    schedule.set(many, 1);
    // Twenty a second, and one place: it changes hands ten times.
    await clock.move(startMs + 5 * SECOND);
    expect(runs.length).toBeGreaterThan(40);
    const alone = rig();
    alone.schedule.set([pace('a')], 1);
    const { dueMs } = turnAfter(pace('a'), alone.startMs);
    await alone.clock.move(dueMs + 0.9 * SECOND);
    expect(alone.schedule.state()).toEqual({ underWay: 1, stalled: 0, waiting: 0 });
    await alone.clock.move(dueMs + 1.1 * SECOND);
    expect(alone.schedule.state()).toEqual({ underWay: 1, stalled: 1, waiting: 0 });
  });

  test('who answers again is ridden among the others again', async () => {
    const { clock, runs, schedule, startMs } = rig();
    schedule.set([pace('a')], 1);
    await clock.move(startMs + 12 * SECOND);
    expect(schedule.state()).toEqual({ underWay: 1, stalled: 1, waiting: 0 });
    runs[0]?.end();
    await settled();
    expect(schedule.state()).toEqual({ underWay: 0, stalled: 0, waiting: 0 });
    const next = turnAfter(pace('a'), clock.nowMs()).dueMs;
    await clock.move(next);
    expect(schedule.state()).toMatchObject({ underWay: 1, stalled: 1 });
    runs[1]?.end();
    await settled();
    await clock.move(next + 10 * SECOND);
    expect(schedule.state()).toEqual({ underWay: 1, stalled: 0, waiting: 0 });
  });

  test('counts the turns that a held-up process slept through, and rides once', async () => {
    const { clock, runs, missed, schedule, startMs } = rig();
    schedule.set([pace('a')], 1);
    clock.jump(startMs + 59 * SECOND);
    await clock.move(startMs + 59 * SECOND);
    expect(runs).toHaveLength(1);
    expect(missed).toEqual([expect.stringMatching(/^a late [45]$/)]);
  });

  test('a reload keeps the turns of who stays, stops who goes, and begins with who comes', async () => {
    const { clock, runs, schedule, startMs } = rig();
    schedule.set([pace('stays'), pace('goes')], 10);
    await clock.move(startMs + 10 * SECOND);
    const firstAtMs = runs.find(({ name }) => name === 'stays')?.atMs ?? 0;
    schedule.set([pace('stays'), pace('comes')], 10);
    expect(runs).toHaveLength(2);
    expect(Object.fromEntries(runs.map(({ name, signal }) => [name, signal.aborted]))).toEqual({
      goes: true,
      stays: false,
    });
    for (const run of runs) run.end();
    await settled();
    await clock.move(startMs + 20 * SECOND);
    const later = runs.slice(2).map(({ name, atMs }) => [name, atMs]);
    expect(later).toContainEqual(['stays', firstAtMs + 10 * SECOND]);
    expect(new Set(later.map(([name]) => name))).toEqual(new Set(['comes', 'stays']));
  });

  test('closing waits for who is under way, stops them at its bound, and begins with nobody', async () => {
    const { clock, runs, schedule, startMs, moveTalking } = rig();
    schedule.set([pace('a'), pace('b')], 1);
    await moveTalking(startMs + 10 * SECOND);
    let isClosed = false;
    const closing = schedule.close(5 * SECOND).then(() => {
      isClosed = true;
    });
    await clock.move(startMs + 14.9 * SECOND);
    expect(isClosed).toBe(false);
    expect(runs[0]?.signal.aborted).toBe(false);
    await clock.move(startMs + 15 * SECOND);
    expect(isClosed).toBe(false);
    expect(runs[0]?.signal.aborted).toBe(true);
    runs[0]?.end();
    await closing;
    await clock.move(startMs + 50 * SECOND);
    expect(runs).toHaveLength(1);
  });
});
