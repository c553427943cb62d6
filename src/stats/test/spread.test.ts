import { expect, test } from 'vitest';
import { closenessChance } from '../spread.ts';

test.each<[number, number, number, number]>([
  [1, 0, 100, 1],
  [3, 10, 0, 1],
  [2, 50, 100, 0.75],
  [3, 3, 100, 0.002_646],
  [5, 0, 100, 0],
  [4, 200, 100, 1],
])('%i values within %d of %d', (n, spread, width, chance) => {
  expect(closenessChance(n, spread, width)).toBeCloseTo(chance, 6);
});

test('is what draws show', () => {
  // A fixed sequence (Weyl, golden ratio on three axes) instead of a random one.
  const draws = Array.from({ length: 20_000 }, (_, at) =>
    [0.819_172_5, 0.671_043_6, 0.549_700_4].map((step) => (at * step) % 1),
  );
  const within = draws.filter((three) => Math.max(...three) - Math.min(...three) <= 0.3).length / draws.length;
  expect(within).toBeCloseTo(closenessChance(3, 0.3, 1), 2);
});
