// How numbers read: the digits that matter, never a unit that jumps back, never 0 for what is not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellText } from '../cell.ts';
import { formatBytes, formatMs, formatTime, plural } from '../numbers.ts';

const HOUR_MS = 3_600_000;

test.each([
  [0, '0.00 ms'],
  [0.001, '<0.01 ms'],
  [0.0049, '<0.01 ms'],
  [0.005, '0.01 ms'],
  [0.123, '0.12 ms'],
  [0.9949, '0.99 ms'],
  [0.995, '1.0 ms'],
  [1, '1.0 ms'],
  [9.96, '10.0 ms'],
  [12.34, '12.3 ms'],
  [99.94, '99.9 ms'],
  [99.95, '100 ms'],
  [412.4, '412 ms'],
  [999.4, '999 ms'],
  [999.5, '1.0 s'],
  [1_250, '1.3 s'],
  [30_000, '30.0 s'],
  [99_949, '99.9 s'],
  [99_950, '100 s'],
  [10 * 60_000, '600 s'],
  [3 * HOUR_MS, '10800 s'],
])('%d ms reads %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

/** The value that a formatted duration tells. */
function told(text: string): number {
  const [, value = '', unit = ''] = /^<?([\d.]+) (m?s)$/.exec(text) ?? [];
  return Number(value) * (unit === 's' ? 1000 : 1);
}

test('a longer duration never reads shorter, and what is read is within 5 percent', () => {
  const ms = fc.double({ min: 0.1, max: 3 * HOUR_MS, noNaN: true });
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      expect(told(formatMs(Math.max(a, b)))).toBeGreaterThanOrEqual(told(formatMs(Math.min(a, b))));
      expect(Math.abs(told(formatMs(a)) - a)).toBeLessThanOrEqual(0.0501 * a);
    }),
  );
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [9_949, '9.9 kB'],
  [9_950, '10 kB'],
  [41_870, '42 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [999_949_999, '999.9 MB'],
  [999_950_000, '1.0 GB'],
  [5_000_000_000, '5.0 GB'],
])('%d bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, 'note', undefined, '0 notes'],
  [1, 'note', undefined, '1 note'],
  [2, 'note', undefined, '2 notes'],
  [1, 'DNS query', 'DNS queries', '1 DNS query'],
  [3, 'DNS query', 'DNS queries', '3 DNS queries'],
])('%d %s: %s', (count, noun, many, text) => {
  expect(plural(count, noun, many)).toBe(text);
});

test.each([
  ['2026-11-20T22:00:12.345Z', '2026-11-20 22:00:12 UTC'],
  ['2026-11-20T22:00:12Z', '2026-11-20 22:00:12 UTC'],
  ['2026-11-20T22:00:12+01:00', '2026-11-20T22:00:12+01:00'],
  ['yesterday', 'yesterday'],
])('the time %s reads %s', (time, text) => {
  expect(formatTime(time)).toBe(text);
});

test.each([
  [null, '–'],
  [true, 'yes'],
  [false, 'no'],
  [0, '0'],
  [6, '6'],
  [81.25, '81.25'],
  [1.23456, '1.235'],
  [-2.0004, '-2'],
  [0.0004, '0.0004'],
  [-0.00012, '-0.0001'],
  [1_700_000_000_000, '1700000000000'],
  ['a\u001bb', 'a\\x1bb'],
])('the cell %j reads %s', (cell, text) => {
  expect(cellText(cell)).toBe(text);
});
