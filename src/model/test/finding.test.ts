import { describe, expect, test } from 'vitest';
import { enumeration, listing } from '../finding.ts';

describe('items in a sentence', () => {
  test.each([
    [[], 2, '', ''],
    [['a'], 2, 'a', 'a'],
    [['a', 'b'], 2, 'a, b', 'a and b'],
    [['a', 'b', 'c'], 3, 'a, b, c', 'a, b and c'],
    [['a', 'b', 'c'], 2, 'a, b and 1 more', 'a, b and 1 more'],
    [['a', 'b', 'c', 'd'], 1, 'a and 3 more', 'a and 3 more'],
  ])('of %j at most %i', (items, most, listed, enumerated) => {
    expect(listing(items, most).join('')).toBe(listed);
    expect(enumeration(items, most).join('')).toBe(enumerated);
  });

  test('without a bound all are named, and each stays a piece of its own', () => {
    expect(enumeration([1, 2, 3])).toEqual([1, ', ', 2, ' and ', 3]);
  });
});
