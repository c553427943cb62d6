import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTest, holm } from '../counts.ts';

// Mendel's peas (1866) against 9:3:3:1, and a die thrown 60 times.
test.each<[readonly number[], readonly number[] | undefined, number, number]>([
  [[315, 101, 108, 32], [9 / 16, 3 / 16, 3 / 16, 1 / 16], 0.47, 0.9254],
  [[5, 8, 9, 8, 10, 20], undefined, 13.4, 0.0199],
])('counts %j have distance %d', (counts, shares, distance, upper) => {
  const test = countTest(counts, shares);
  expect(test.distance).toBeCloseTo(distance, 2);
  expect(test.upper).toBeCloseTo(upper, 3);
});

test('counts of one kind say nothing', () => {
  expect(countTest([7])).toMatchObject({ upper: 1, lower: 1 });
});

test('Holm corrects each chance by how many are left', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((each) => expect.closeTo(each, 9)));
});

test('Holm never makes a chance smaller, keeps their order and stays a chance', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (chances) => {
      const corrected = holm(chances);
      for (const [at, chance] of chances.entries()) {
        expect(corrected[at]).toBeGreaterThanOrEqual(chance);
        expect(corrected[at]).toBeLessThanOrEqual(1);
        for (const [other, less] of chances.entries()) {
          if (less < chance) expect(corrected[other]).toBeLessThanOrEqual(corrected[at] ?? 0);
        }
      }
    }),
  );
});
