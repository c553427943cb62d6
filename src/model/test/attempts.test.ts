// Holds the shares of attempts to their arithmetic, and a pause to its end.
import { expect, test } from 'vitest';
import { shareOf } from '../attempts.ts';
import { paused } from '../paused.ts';

test.each([
  ['one alone has all', 9, 0, 1, 9],
  ['each has the same, without the pauses', 9, 2, 1.5, 2],
  ['less than the pauses take: fewer repetitions', 2, 2, 1, 0.5],
  ['no time for one', 0.5, 2, 1, 0.5],
  ['none left', -1, 2, 1, 0],
])('%s', (_name, left, repeats, between, share) => {
  expect(shareOf(left, repeats, between)).toBe(share);
});

test('a pause tells whether anybody still waits', async () => {
  expect(await paused(0, new AbortController().signal)).toBe(true);
  expect(await paused(3_600_000, AbortSignal.timeout(1))).toBe(false);
});
