import { expect, test } from 'vitest';
import { chiSquareLower, chiSquareUpper, logGamma, normalUpper } from '../distribution.ts';

// Critical values as printed in every table (NIST/SEMATECH e-Handbook 1.3.6.7.4).
test.each([
  [3.841, 1, 0.05],
  [6.635, 1, 0.01],
  [7.815, 3, 0.05],
  [18.307, 10, 0.05],
  [29.588, 10, 0.001],
  [124.342, 100, 0.05],
])('chi-square above %d with %d degrees of freedom has chance %d', (x, freedom, chance) => {
  expect(chiSquareUpper(x, freedom)).toBeCloseTo(chance, 4);
  expect(chiSquareUpper(x, freedom) + chiSquareLower(x, freedom)).toBeCloseTo(1, 10);
});

test.each([
  [0.115, 3, 0.01],
  [3.94, 10, 0.05],
  [77.929, 100, 0.05],
])('chi-square below %d with %d degrees of freedom has chance %d', (x, freedom, chance) => {
  expect(chiSquareLower(x, freedom)).toBeCloseTo(chance, 3);
});

test('the normal tail and the gamma function', () => {
  expect(normalUpper(1.959964)).toBeCloseTo(0.025, 6);
  expect(normalUpper(-1)).toBeCloseTo(0.8413447, 6);
  expect(Math.exp(logGamma(6))).toBeCloseTo(120, 8);
  expect(Math.exp(2 * logGamma(0.5))).toBeCloseTo(Math.PI, 8);
});
