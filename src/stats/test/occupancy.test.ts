import { describe, expect, test } from 'vitest';
import { drawsOf } from '../draws.ts';
import { atMostSeen, seenAgain } from '../occupancy.ts';

test.each([
  [1, 2, 1, 1],
  [1, 2, 2, 0.5],
  [1, 2, 20, 2 ** -19],
  [2, 3, 3, 1 - 6 / 27],
  [0, 2, 5, 0],
  [0, 2, 0, 1],
  [3, 3, 9, 1],
])('at most %i of %i in %i draws: %f', (seen, kinds, draws, chance) => {
  expect(atMostSeen(seen, kinds, draws)).toBeCloseTo(chance, 12);
});

describe('kinds that turn up again', () => {
  test.each([
    ['two in turns', [10, 10], 2],
    ['one', [20], 1],
    ['one of them rare', [19, 1], 1],
    ['none', [], 0],
  ])('%s', (_, counts, least) => {
    expect(seenAgain(counts, 0.001)).toBe(least);
  });

  test.each([2, 3, 5, 10])('%i alike, drawn at random twice 20 times: rarely fewer than was said', (kinds) => {
    const draw = drawsOf(kinds);
    const counted = (): number[] => {
      const counts = Array.from({ length: kinds }, () => 0);
      for (let n = 0; n < 20; n++) {
        const kind = Math.floor(draw() * kinds);
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
      return counts.filter((count) => count > 0);
    };
    let fewer = 0;
    for (let round = 0; round < 1000; round++) if (counted().length < seenAgain(counted(), 0.001)) fewer++;
    expect(fewer).toBeLessThan(5);
  });
});
