// The logarithmic axis: every sample lies on it and is counted once, whatever the spread, down to none at all.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histogram, position, scaleOf, ticksOf } from '../histogram.ts';
import { summaryOf } from './fixture.ts';

const BINS = 16;

/** The bins with something in them, and how much. */
function filled(samples: readonly number[]): Readonly<Record<string, number>> {
  const scale = scaleOf([summaryOf(samples)]);
  if (scale === null) return {};
  const counts = histogram(scale, samples, BINS);
  expect(counts).toHaveLength(BINS);
  return Object.fromEntries(counts.map((count, bin) => [bin, count] as const).filter(([, count]) => count > 0));
}

test.each<[string, readonly number[], Readonly<Record<string, number>>]>([
  ['one sample stands in the middle', [5], { 8: 1 }],
  ['equal samples stand in one bin', [5, 5, 5, 5], { 8: 4 }],
  ['nearly equal samples look equal: noise is no spread', [5, 5.01, 5.02], { 7: 1, 8: 2 }],
  ['far ends lie in the first and the last bin', [1, 1000], { 0: 1, 15: 1 }],
  ['decades lie at equal distances', [1, 10, 100], { 0: 1, 8: 1, 15: 1 }],
  ['zero lies at the floor of the axis', [0, 1], { 0: 1, 15: 1 }],
  ['all zero stands in the middle', [0, 0], { 8: 2 }],
])('%s', (_, samples, bins) => {
  expect(filled(samples)).toEqual(bins);
});

test('no samples: no axis, and nothing counted', () => {
  expect(scaleOf([])).toBeNull();
  expect(histogram({ low: 1, high: 10 }, [], 4)).toEqual([0, 0, 0, 0]);
});

test('endpoints share one axis', () => {
  const scale = scaleOf([summaryOf([1, 2]), summaryOf([500]), summaryOf([0.5])]);
  expect(scale).toEqual({ low: 0.5, high: 500 });
});

const samplesArbitrary = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 60 });

test('each sample is counted once; the order of durations is the order on the axis', () => {
  fc.assert(
    fc.property(samplesArbitrary, fc.integer({ min: 1, max: 80 }), (samples, bins) => {
      const scale = scaleOf([summaryOf(samples)]);
      if (scale === null) throw new Error('samples without an axis');
      const counts = histogram(scale, samples, bins);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(samples.length);
      const places = samples.toSorted((a, b) => a - b).map((ms) => position(scale, ms));
      places.forEach((place, index) => {
        expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
        expect(place).toBeLessThanOrEqual(1);
      });
    }),
  );
});

test('an axis spans at least a factor of 8 and has two or more round ticks in it', () => {
  fc.assert(
    fc.property(samplesArbitrary, (samples) => {
      const scale = scaleOf([summaryOf(samples)]);
      if (scale === null) throw new Error('samples without an axis');
      expect(scale.high / scale.low).toBeGreaterThan(7.999);
      const ticks = ticksOf(scale);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      ticks.forEach((tick, index) => {
        expect(tick).toBeGreaterThan(ticks[index - 1] ?? 0);
        expect(tick).toBeGreaterThanOrEqual(scale.low);
        expect(tick).toBeLessThanOrEqual(scale.high);
        expect([1, 2, 5]).toContain(Number(tick.toExponential(6).split('e')[0]));
      });
    }),
  );
});

test.each([
  [{ low: 1, high: 1000 }, [1, 10, 100, 1000]],
  [{ low: 0.3, high: 40 }, [1, 10]],
  [{ low: 1.5, high: 12 }, [2, 5, 10]],
  [{ low: 11, high: 90 }, [20, 50]],
])('ticks of %j', (scale, ticks) => {
  expect(ticksOf(scale)).toEqual(ticks);
});
