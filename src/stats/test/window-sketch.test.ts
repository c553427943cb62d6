// Holds the sketches to exact quantiles over exact windows, whatever the latencies; merged ones to what one of all would say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantile } from '../quantile.ts';
import {
  addWindow,
  bucketOf,
  EMPTY,
  emptyCounts,
  LEAST_SECONDS,
  MOST_SECONDS,
  quantileOf,
  RELATIVE_ERROR,
  SLICES,
  secondsOf,
  type WindowSketch,
  withSamples,
} from '../window-sketch.ts';

const latency = fc.double({ min: Math.log(LEAST_SECONDS), max: Math.log(MOST_SECONDS), noNaN: true }).map(Math.exp);

function told(sketch: WindowSketch, slice: number, q: number): { readonly count: number; readonly seconds: number } {
  const counts = emptyCounts();
  const count = addWindow(sketch, slice, counts);
  return { count, seconds: quantileOf(counts, count, q) };
}

test('every latency is as near to its bucket’s value as is promised, from 20 µs to a minute and a half', () => {
  expect(MOST_SECONDS).toBeGreaterThan(80);
  fc.assert(
    fc.property(latency, (seconds) => {
      expect(Math.abs(secondsOf(bucketOf(seconds)) / seconds - 1)).toBeLessThanOrEqual(RELATIVE_ERROR * 1.0001);
    }),
  );
  for (const odd of [0, -1, Number.NaN, 1e-9]) expect(secondsOf(bucketOf(odd))).toBe(LEAST_SECONDS);
  for (const long of [1e6, Infinity]) expect(secondsOf(bucketOf(long))).toBeGreaterThan(80);
});

test('quantiles are those of the samples of the window, within the bound', () => {
  const rounds = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.array(latency, { maxLength: 30 })), { maxLength: 30 });
  fc.assert(
    fc.property(rounds, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 70_000 }), (steps, q, start) => {
      let [slice, sketch] = [start, EMPTY];
      const kept: [number, number][] = [];
      for (const [step, samples] of steps) {
        slice += step;
        sketch = withSamples(sketch, slice, samples);
        kept.push(...samples.map((seconds): [number, number] => [slice, seconds]));
      }
      const inWindow = kept.filter(([at]) => slice - at <= SLICES).map(([, seconds]) => seconds);
      const { count, seconds } = told(sketch, slice, q);
      expect(count).toBe(inWindow.length);
      if (count === 0) return;
      const exact = quantile(
        inWindow.toSorted((a, b) => a - b),
        q,
      );
      expect(Math.abs(seconds / exact - 1)).toBeLessThanOrEqual(RELATIVE_ERROR * 1.0001);
    }),
  );
});

describe('a window', () => {
  test('forgets what is older, also while nothing new comes', () => {
    const sketch = withSamples(withSamples(EMPTY, 10, [0.1]), 12, [0.2]);
    const counts = [12, 10 + SLICES, 11 + SLICES, 13 + SLICES, 5000].map((slice) => told(sketch, slice, 0.5).count);
    expect(counts).toEqual([2, 2, 1, 0, 0]);
    expect(withSamples(sketch, 5000, [0.1]).length).toBe(withSamples(EMPTY, 5000, [0.1]).length);
  });

  test('of a clock that was set back counts on', () => {
    const sketch = withSamples(withSamples(EMPTY, 10, [0.1]), 9, [0.2]);
    expect(told(sketch, 9, 0.5).count).toBe(2);
  });

  test('counts more than a byte of one latency, and all latencies at once', () => {
    let sketch = EMPTY;
    const all = Array.from({ length: 256 }, (_, bucket) => secondsOf(bucket));
    for (let run = 0; run < 600; run++) sketch = withSamples(sketch, 1, [...all, 0.1, 0.1]);
    const counts = emptyCounts();
    expect(addWindow(sketch, 1, counts)).toBe(600 * 258);
    expect([counts[0], counts[bucketOf(0.1)], counts[255]]).toEqual([600, 1800, 600]);
  });

  test('is a few bytes: ten journeys of ten samples about a latency', () => {
    let sketch = EMPTY;
    for (let run = 0; run < 10; run++)
      sketch = withSamples(
        sketch,
        Math.floor(run / 2),
        Array.from({ length: 10 }, (_, at) => 0.02 * (1 + at / 20)),
      );
    expect(sketch.length).toBeLessThan(150);
  });
});

test('windows of several merge into what one of all their samples says', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(latency, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 }),
      (parts) => {
        const merged = emptyCounts();
        const count = parts.reduce((sum, part) => sum + addWindow(withSamples(EMPTY, 3, part), 3, merged), 0);
        const one = told(withSamples(EMPTY, 3, parts.flat()), 3, 0.9);
        expect({ count, seconds: quantileOf(merged, count, 0.9) }).toEqual(one);
      },
    ),
  );
});
