// Quantiles and intervals against tables, brute force, and what the statistics books say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binomialCdf, isBounded, quantile, quantileInterval } from '../quantile.ts';

const counted = (n: number): readonly number[] => Array.from({ length: n }, (_, index) => index + 1);
const sample = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
const ascending = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

describe('nearest rank', () => {
  test.each<[readonly number[], number, number]>([
    [[7], 0.5, 7],
    [[7], 0.99, 7],
    [[1, 2], 0.5, 1],
    [[1, 2, 3], 0.5, 2],
    [[15, 20, 35, 40, 50], 0.3, 20],
    [[15, 20, 35, 40, 50], 0.4, 20],
    [[15, 20, 35, 40, 50], 1, 50],
    [[15, 20, 35, 40, 50], 0, 15],
    [counted(100), 0.99, 99],
    [counted(1000), 0.999, 999],
  ])('%j at %d is %d', (sorted, q, expected) => {
    expect(quantile(sorted, q)).toBe(expected);
  });

  test('is the smallest value with at least q of the sample at or below it', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0.001, max: 1, noNaN: true }), (values, q) => {
        const sorted = ascending(values);
        const found = quantile(sorted, q);
        const share = (limit: (value: number) => boolean): number => sorted.filter(limit).length / sorted.length;
        expect(share((value) => value <= found)).toBeGreaterThanOrEqual(q - 1e-9);
        expect(share((value) => value < found)).toBeLessThan(q + 1e-9);
      }),
    );
  });

  test('of nothing is an error of the caller', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('the binomial distribution', () => {
  test.each<[number, number, number, number]>([
    [4, 0.5, 2, 0.6875],
    [10, 0.5, 5, 0.623046875],
    [20, 0.99, 19, 1 - 0.99 ** 20],
    [1, 0.3, 0, 0.7],
  ])('n = %d, p = %d: P(K <= %d) is %d', (n, p, k, expected) => {
    expect(binomialCdf(n, p)[k]).toBeCloseTo(expected, 10);
  });

  test('does not underflow with many samples', () => {
    const cdf = binomialCdf(100_000, 0.99);
    expect(cdf.at(-1)).toBeCloseTo(1, 6);
    expect(cdf[99_000]).toBeGreaterThan(0.45);
    expect(cdf[99_000]).toBeLessThan(0.55);
  });
});

describe('the interval of a quantile', () => {
  test.each<[number, number, readonly [number, number] | null]>([
    // Ranks of the 95 % interval of the median: tables of the sign test (Conover, table A3).
    [5, 0.5, null],
    [6, 0.5, [1, 6]],
    [10, 0.5, [2, 9]],
    [20, 0.5, [6, 15]],
    [50, 0.5, [18, 33]],
    // No sample of fewer than 368 has a largest value that bounds p99 with 97.5 %: 0.99 ** 368 < 0.025 <= 0.99 ** 367.
    [20, 0.99, null],
    [367, 0.99, null],
  ])('of %d samples at %d', (n, q, expected) => {
    expect(quantileInterval(counted(n), q)).toEqual(expected);
  });

  test('a p99 is bounded from 368 samples on', () => {
    expect(quantileInterval(counted(368), 0.99)?.[1]).toBe(368);
  });

  test('covers the true quantile as often as it says', () => {
    // Of uniform samples the true p90 is 0.9. A linear congruential generator with a fixed seed: the same answer each time.
    let state = 12_345;
    const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    let covered = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const [low, high] = quantileInterval(ascending(Array.from({ length: 120 }, next)), 0.9) ?? [1, 0];
      if (low <= 0.9 && 0.9 <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(940);
  });

  test('holds the point estimate, and its ends are samples', () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(0.5, 0.9, 0.95, 0.99), (values, q) => {
        const sorted = ascending(values);
        const interval = quantileInterval(sorted, q);
        if (interval === null) return;
        const [low, high] = interval;
        expect(sorted).toContain(low);
        expect(sorted).toContain(high);
        expect(low).toBeLessThanOrEqual(quantile(sorted, q));
        expect(quantile(sorted, q)).toBeLessThanOrEqual(high);
      }),
    );
  });
});

test.each([
  [0.5, 6],
  [0.9, 36],
  [0.95, 72],
  [0.99, 368],
])('p%s is bounded from %i samples on, as its interval says', (q, least) => {
  const sorted = (n: number) => Array.from({ length: n }, (_, at) => at);
  for (const n of [0, 1, least - 1, least, least + 1, 1000]) {
    expect(isBounded(n, q), `${n}`).toBe(n >= least);
    expect(n > 0 && quantileInterval(sorted(n), q) !== null, `${n}`).toBe(n >= least);
  }
});
