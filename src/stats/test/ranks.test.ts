import { describe, expect, test } from 'vitest';
import { drawsOf } from '../draws.ts';
import { hodgesLehmann, mannWhitney } from '../ranks.ts';

// Hollander and Wolfe (1973), 69: permeability of membranes; R's wilcox.test gives W = 35 and 0.2544 two-sided.
const TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const EARLY = [1.15, 0.88, 0.9, 0.74, 1.21];

test('two samples as in the book', () => {
  const { u, chance } = mannWhitney(TERM, EARLY);
  expect(u).toBe(35);
  expect(chance).toBeCloseTo(0.2544, 4);
  expect(mannWhitney(EARLY, TERM)).toMatchObject({ u: 15, chance: expect.closeTo(chance, 9) as number });
});

test('ties take the corrected normal distribution', () => {
  // Ranks by hand: 1.5 1.5 4 4 4 6 7 8, so that U of the first is 11 - 10 = 1 of 16; the sum of t^3 - t is 6 + 24.
  const { u, chance } = mannWhitney([1, 1, 2, 2], [2, 3, 4, 5]);
  expect(u).toBe(1);
  const z = (7 - 0.5) / Math.sqrt((16 / 12) * (9 - 30 / 56));
  expect(z).toBeCloseTo(1.935, 2);
  expect(chance).toBeCloseTo(0.053, 2);
});

test.each([
  ['nothing to compare', [], [1]],
  ['all alike', [2, 2, 2], [2, 2]],
])('%s is no difference', (_, a, b) => {
  expect(mannWhitney(a, b).chance).toBe(1);
});

describe('the shift', () => {
  test('is the median of the differences', () => {
    const all = TERM.flatMap((x) => EARLY.map((y) => x - y)).toSorted((a, b) => a - b);
    const { shift, interval } = hodgesLehmann(TERM, EARLY) ?? { shift: Number.NaN, interval: null };
    expect(shift).toBeCloseTo(((all[24] ?? 0) + (all[25] ?? 0)) / 2, 9);
    // R: 95 percent confidence interval -0.15 0.76.
    expect(interval).toEqual([expect.closeTo(-0.15, 2), expect.closeTo(0.76, 2)]);
  });

  test('has no interval from two against two, and none is there without samples', () => {
    expect(hodgesLehmann([1, 2], [3, 4])?.interval).toBeNull();
    expect(hodgesLehmann([], [1])).toBeNull();
  });

  test('interval holds a true shift of 5 ms in skewed samples about 95 times in 100', () => {
    const draw = drawsOf(7);
    const sample = (by: number) => Array.from({ length: 30 }, () => by - 10 * Math.log(1 - draw()));
    let held = 0;
    for (let round = 0; round < 300; round++) {
      const [low, high] = hodgesLehmann(sample(5), sample(0))?.interval ?? [0, 0];
      if (low <= 5 && 5 <= high) held++;
    }
    expect(held / 300).toBeGreaterThan(0.92);
  });

  test('of large samples is found in bounded time', () => {
    const many = Array.from({ length: 5000 }, (_, at) => at);
    const found = hodgesLehmann(
      many.map((each) => each + 3),
      many,
    );
    expect(found?.shift).toBeCloseTo(3, 6);
  });
});
