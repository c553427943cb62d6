import fc from 'fast-check';
import { expect, test } from 'vitest';
import { httpDate, retryAfterSeconds, rfc3339 } from '../http-date.ts';
import { wireText } from '../text.ts';

const NOW = Date.UTC(2026, 10, 21, 12);

/** RFC 9110 5.6.7 gives the three forms of the first instant. */
test.each<[string, number | null]>([
  ['Sun, 06 Nov 1994 08:49:37 GMT', 784_111_777_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 784_111_777_000],
  ['Sun Nov  6 08:49:37 1994', 784_111_777_000],
  ['Saturday, 21-Nov-26 12:00:00 GMT', NOW],
  ['Thu, 31 Dec 1998 23:59:60 GMT', Date.UTC(1998, 11, 31, 23, 59, 59)],
  ['Mon, 31 Feb 2026 00:00:00 GMT', null],
  ['Sat, 21 Nov 2026 25:00:00 GMT', null],
  ['Sat, 21 Nov 2026 12:00:00 CET', null],
  ['2026-11-21T12:00:00Z', null],
  ['', null],
])('the HTTP date %j', (text, expected) => {
  expect(httpDate(wireText(text), NOW)).toBe(expected);
});

test.each<[string, number | null]>([
  ['2026-11-21T12:00:00Z', NOW],
  ['2026-11-21T12:00Z', NOW],
  ['2026-11-21T13:00:00.250+01:00', NOW + 250],
  ['2026-13-21T12:00:00Z', null],
  ['21 Nov 2026', null],
])('the time %j', (text, expected) => {
  expect(rfc3339(wireText(text))).toBe(expected);
});

test.each<[string, string | null, number | null]>([
  ['120', null, 120],
  ['0', null, 0],
  ['1.5', null, 1.5],
  ['Sat, 21 Nov 2026 12:01:00 GMT', null, 60],
  ['Sat, 21 Nov 2026 12:01:00 GMT', 'Sat, 21 Nov 2026 12:00:30 GMT', 30],
  ['Sat, 21 Nov 2020 12:01:00 GMT', null, 0],
  ['Sat, 21 Nov 9026 12:01:00 GMT', null, null],
  ['999999999', null, null],
  ['-1', null, null],
  ['soon', null, null],
])('Retry-After %j with Date %j', (value, date, expected) => {
  const headers = [['Retry-After', value], ...(date === null ? [] : [['Date', date]])];
  const fields = headers.map(([name = '', text = '']) => [wireText(name), wireText(text)] as const);
  expect(retryAfterSeconds(fields, NOW)).toBe(expected);
});

test('whatever the text, there is a finite number or null', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const read of [httpDate(wireText(text), NOW), rfc3339(wireText(text))])
        expect(read === null || Number.isFinite(read)).toBe(true);
    }),
  );
});
