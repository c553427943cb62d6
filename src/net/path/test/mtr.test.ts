// Owns the tests of reading mtr's raw lines. The program itself: test/system/path.test.ts.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IpAddress } from '../../../model/text.ts';
import { readMtr } from '../mtr.ts';

const target = '192.0.2.9' as IpAddress;
const read = (...lines: readonly string[]) =>
  readMtr(lines.join('\n'), target).map(({ ttl, round, outcome, from, latencyMs }) => [
    ttl,
    round,
    outcome,
    from,
    latencyMs,
  ]);

test('each packet is told with who answered, and how late', () => {
  const first = ['x 0 33000', 'h 0 10.0.0.1', 'h 0 10.0.0.1', 'p 0 1500 33000', 'x 1 33001'];
  const second = ['x 2 33002', 'h 2 192.0.2.9', 'p 2 9000 33002', 'x 3 33003', 'h 3 192.0.2.9', 'p 3 9100 33003'];
  expect(read(...first, ...second, 'x 0 33004', 'h 0 10.0.0.2', 'p 0 1600 33004')).toEqual([
    [1, 0, 'router', '10.0.0.1', 1.5],
    [2, 0, 'silent', null, null],
    [3, 0, 'reached', '192.0.2.9', 9],
    [1, 1, 'router', '10.0.0.2', 1.6],
  ]);
});

test.each<[string, readonly string[], number]>([
  ['an answer that nobody asked for', ['h 0 10.0.0.1', 'p 0 1500 33000'], 0],
  ['a host that is no address', ['x 0 1', 'h 0 <b>', 'p 0 5 1'], 1],
  ['an answer at another place than it was sent for', ['x 0 1', 'h 1 10.0.0.1', 'p 1 5 1'], 1],
  ['places that there are none of', ['x -1 1', 'x 99 2', 'x 1e3 3', 'x', ''], 0],
])('%s is passed over', (_title, lines, packets) => {
  const replies = read(...lines);
  expect(replies).toHaveLength(packets);
  for (const [, , outcome] of replies) expect(outcome).toBe('silent');
});

test('any text is read', () => {
  const word = fc.constantFrom('x', 'h', 'p', '0', '1', '2', '33000', '10.0.0.1', '192.0.2.9', '*');
  const line = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '));
  fc.assert(fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => void readMtr(lines.join('\n'), target)));
});
