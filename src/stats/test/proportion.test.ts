import { expect, test } from 'vitest';
import { combinations, estimatePool, expectedDistinct } from '../pool.ts';
import { drawsForHalfWidth, equalSharesChance, largestUnseenShare, wilsonInterval } from '../proportion.ts';

// Worked by hand from the formulas' own papers; the intervals are those every statistics package gives.
test.each([
  [4, 40, 0.0396, 0.2305],
  [10, 100, 0.0552, 0.1744],
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
])('%i of %i', (hits, draws, low, high) => {
  const [from, to] = wilsonInterval(hits, draws);
  expect(from).toBeCloseTo(low, 3);
  expect(to).toBeCloseTo(high, 3);
});

test('an interval without draws is refused', () => {
  expect(() => wilsonInterval(0, 0)).toThrow(RangeError);
});

test('how many draws it takes, and what a few leave unseen', () => {
  expect(drawsForHalfWidth(0.5, 0.1)).toBe(97);
  expect(largestUnseenShare(59)).toBeCloseTo(0.05, 2);
  expect(largestUnseenShare(0)).toBe(1);
});

test.each([
  [[10, 10], 1],
  [[14, 6], 0.0736],
  [[30, 20, 10], 0.0067],
  [[5], 1],
])('counts %j are as uneven as chance with %d', (counts, chance) => {
  expect(equalSharesChance(counts)).toBeCloseTo(chance, 1);
});

test('a pool whose members were all seen often is as large as seen; members seen once tell of unseen ones', () => {
  expect(estimatePool([5, 6, 7], 10)).toBe(3);
  expect(estimatePool([1, 1, 1, 1, 2, 2], 5)).toBeCloseTo(6 + (0.8 * 12) / 6);
  expect(combinations(12, 8)).toBe(495);
  expect(combinations(100, 50)).toBe(1e6);
  expect(expectedDistinct(3, 100)).toBeCloseTo(3);
});
