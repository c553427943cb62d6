import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wireText } from '../../../src/model/text.ts';
import { drawsOf } from '../../../src/stats/draws.ts';
import { endpointsOf, times, tracesOn } from '../../../test/support/traces.ts';
import { type Answer, failurePeriod, lateAnswers, slowerHosts } from '../health.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

function answers(
  n: number,
  waitMs: (at: number) => number,
  host: (at: number) => string | null,
  status: (at: number) => number = () => 200,
): readonly Answer[] {
  const traces = tracesOn(
    endpoint,
    times(n, (at) => ({ waitMs: waitMs(at), status: status(at) })),
  );
  return traces.map((trace, at) => {
    const name = host(at);
    return { trace, identity: name === null ? null : wireText(name) };
  });
}

const third = (at: number): string => `h${at % 3}`;
/** Skewed, as waits are. */
const skewed = (draw: () => number): number => 10 - 5 * Math.log(1 - draw());

describe('a host is slower than its peers', () => {
  test('when it is, by how much and in what interval', () => {
    const draw = drawsOf(3);
    const slower = slowerHosts(answers(60, (at) => skewed(draw) + (at % 3 === 1 ? 50 : 0), third));
    expect(slower.map(({ identity }) => identity)).toEqual(['h1']);
    const [low, high] = slower[0]?.shiftInterval ?? [0, 0];
    expect([low < 50, 50 < high, high - low < 20]).toEqual([true, true, true]);
  });

  test('hardly ever by chance', () => {
    const draw = drawsOf(5);
    const found = times(80, () => ({})).filter(() => slowerHosts(answers(60, () => skewed(draw), third)).length > 0);
    expect(found.length).toBeLessThanOrEqual(2);
  });

  test.each<[string, readonly Answer[]]>([
    ['not from five answers', answers(15, (at) => (at % 3 === 1 ? 500 : 10 + at / 100), third)],
    [
      'not when it is the only one',
      answers(
        40,
        (at) => at,
        () => 'h0',
      ),
    ],
    [
      'not when only its failures are slow',
      answers(
        60,
        (at) => (at % 3 === 1 ? 500 : 10),
        third,
        (at) => (at % 3 === 1 ? 503 : 200),
      ),
    ],
    [
      'not when nobody knows the hosts',
      answers(
        40,
        (at) => at,
        () => null,
      ),
    ],
  ])('%s', (_, all) => {
    expect(slowerHosts(all)).toEqual([]);
  });
});

const marks = (text: string): readonly (boolean | null)[] =>
  [...text].map((each) => (each === '?' ? null : each === 'x'));

test.each<[string, string, number | null]>([
  ['..x...x...x...x...x.', 'every fourth', 4],
  ['..x...x..?x...x...x.', 'every fourth, one unknown', 4],
  ['..x...x....x..x...x.', 'not in step', null],
  ['..x...x.............', 'twice', null],
  ['x.x.x.', 'too short to tell from chance', null],
  ['x.x.x.x.x.x.x.x.x.x.', 'every second', 2],
  ['xxxxxxxxxxxxxxxxxxxx', 'always', null],
  ['....................', 'never', null],
])('failures %j (%s) have period %j', (text, _, period) => {
  expect(failurePeriod(marks(text))?.period ?? null).toBe(period);
});

test('failures by chance have no period, but for once in a thousand', () => {
  const draw = drawsOf(9);
  const found = times(3000, () => ({})).filter(
    () => failurePeriod(Array.from({ length: 20 }, () => draw() < 0.25)) !== null,
  );
  expect(found.length).toBeLessThanOrEqual(3);
});

describe('a first try that timed out', () => {
  test('shows as answers that are late by the same time', () => {
    const late = lateAnswers(answers(20, (at) => (at % 5 === 0 ? 1010 + at / 10 : 10), third));
    expect(late).toMatchObject({ answers: 4, of: 20, extraMs: expect.closeTo(1000, -1) as number });
  });

  test.each<[string, readonly Answer[]]>([
    ['a long tail', answers(40, (at) => 10 * 1.2 ** at, third)],
    ['late ones that differ', answers(20, (at) => (at % 5 === 0 ? 500 + 100 * at : 10), third)],
    ['two late ones', answers(20, (at) => (at < 2 ? 1000 : 10), third)],
    ['one slow host', answers(21, (at) => (at % 3 === 0 ? 1000 : 10), third)],
    ['most of them', answers(20, (at) => (at % 4 === 0 ? 10 : 1000), third)],
    ['nothing', []],
  ])('is not %s', (_, all) => {
    expect(lateAnswers(all)).toBeNull();
  });

  test('is never more than half of the answers', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 40 }), (waits) => {
        const late = lateAnswers(answers(waits.length, (at) => waits[at] ?? 0, third));
        expect((late?.answers ?? 0) * 2).toBeLessThanOrEqual(waits.length);
      }),
    );
  });
});
