// Owns the reckoning of how much earlier than its stamp a byte may have come, as a table. Never opens a socket.
import { expect, test } from 'vitest';
import { Joins } from '../joins.ts';

const seen = (segments: number, isInOrder = true) => ({ ageMs: 0, segments, isInOrder });

test('one segment since nothing was there: its stamp is exact', () => {
  const joins = new Joins();
  joins.drained(10, seen(4));
  expect(joins.arrival(30, 30, seen(5))).toEqual({ firstMs: 30, slackMs: 0, lastMs: 30, lastSlackMs: 0 });
});

test('two segments and one stamp: the first may have come any time since nothing was there', () => {
  const joins = new Joins();
  joins.drained(10, seen(4));
  expect(joins.arrival(30, 30, seen(6))).toMatchObject({ slackMs: 20 });
  // The rest of what was joined is no better known.
  expect(joins.arrival(30, 30, seen(6))).toMatchObject({ slackMs: 20 });
});

test('as many stamps as segments: tickets, then the answer, both read late', () => {
  const joins = new Joins();
  joins.drained(10, seen(4));
  joins.arrival(12, 12, seen(6));
  expect(joins.arrival(30, 30, seen(6))).toMatchObject({ slackMs: 0 });
});

test.each([
  ['in order: not before what it follows', true, 18],
  ['in disorder: since nothing was there', false, 20],
])('three segments and two stamps, %s', (_, inOrder, slackMs) => {
  const joins = new Joins();
  joins.drained(10, seen(4));
  joins.arrival(12, 12, seen(7, inOrder));
  expect(joins.arrival(30, 30, seen(7, inOrder))).toMatchObject({ slackMs });
});

test('a look that found nothing bounds it too', () => {
  const joins = new Joins();
  joins.drained(10, seen(4));
  joins.quiet(25);
  expect(joins.arrival(30, 30, seen(6))).toMatchObject({ slackMs: 5 });
});

test('where nobody counts, the last look that found nothing bounds it', () => {
  const joins = new Joins();
  joins.drained(10, null);
  expect(joins.arrival(30, 34, null)).toEqual({ firstMs: 30, slackMs: 20, lastMs: 34, lastSlackMs: 24 });
});
