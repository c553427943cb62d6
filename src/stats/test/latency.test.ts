// The summary of a sample: exact, in the order taken, honest about what few samples cannot say.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { summarize } from '../latency.ts';

test.each([
  { samples: [5], expected: { min: 5, mean: 5, stddev: null, p50: 5, p99: 5, max: 5, p99Interval: null } },
  { samples: [3, 1, 2], expected: { min: 1, mean: 2, stddev: 1, p50: 2, p90: 3, max: 3 } },
  { samples: [2, 4, 4, 4, 5, 5, 7, 9], expected: { mean: 5, stddev: Math.sqrt(32 / 7), p50: 4, p95: 9 } },
])('of $samples', ({ samples, expected }) => {
  expect(summarize(samples)).toMatchObject({ ...expected, samples });
});

test('of nothing is an error of the caller', () => {
  expect(() => summarize([])).toThrow(RangeError);
});

test('figures are in order, and the samples keep theirs', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 500 }), (samples) => {
      const { min, p50, p90, p95, p99, max, mean, samples: kept } = summarize(samples);
      expect([min, p50, p90, p95, p99, max]).toEqual([min, p50, p90, p95, p99, max].toSorted((a, b) => a - b));
      expect(mean).toBeGreaterThanOrEqual(min * (1 - 1e-12));
      expect(mean).toBeLessThanOrEqual(max * (1 + 1e-12));
      expect(kept).toEqual(samples);
    }),
  );
});
