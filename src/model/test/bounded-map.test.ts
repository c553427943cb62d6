// Owns the tests of a map that never holds more than it may.
import { expect, test } from 'vitest';
import { BoundedMap } from '../bounded-map.ts';

test('what does not fit any more takes the place of all', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1).set('b', 2);
  expect([...map]).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  expect([...map.set('c', 3)]).toEqual([['c', 3]]);
});

test('what is there already is changed, and takes no place', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1).set('b', 2).set('a', 3);
  expect([...map]).toEqual([
    ['a', 3],
    ['b', 2],
  ]);
});
