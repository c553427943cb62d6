// Time-outs, retries and breakers as a ride shows them: simulated rides as data, and healthy ones that must show nothing.
import { describe, expect, test } from 'vitest';
import { type Problem, problem } from '../../../src/model/problem.ts';
import type { RequestTrace } from '../../../src/model/trace.ts';
import { drawsOf } from '../../../src/stats/draws.ts';
import { endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { afterFailureOf } from '../after-failure.ts';
import { breakerOf } from '../breaker.ts';
import { timeOutsOf } from '../time-outs.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

/** `200:5` is a status and its wait, `late` an answer that never came. */
function ride(...answers: readonly string[]): readonly RequestTrace[] {
  const lost: Problem = problem('wait-timeout', 'wait');
  return tracesOn(
    endpoint,
    answers.flatMap((each): readonly TraceScript[] => {
      const [, what = each, many = '1'] = /^(.*) x(\d+)$/.exec(each) ?? [];
      const [status, waitMs] = what.split(':').map(Number);
      const one = what === 'late' ? { problem: lost } : { status: status ?? 200, waitMs: waitMs ?? 5 };
      return times(Number(many), () => one);
    }),
  );
}

describe('waits like a time-out', () => {
  test.each<[string, readonly string[], readonly object[]]>([
    ['nothing late', ['200:5 x20'], []],
    ['one late answer says nothing', ['200:5 x19', '200:3005'], []],
    ['two late answers say nothing', ['200:5 x18', '200:3005', '200:3006'], []],
    [
      'failures all after three seconds',
      ['200:5 x10', '504:3001', '504:3004', '504:3002', '504:3001', '200:6 x6'],
      [{ after: 'failed', answers: 4, of: 20, waitMs: 3001, extraMs: 2996, spreadMs: 3, steps: 1 }],
    ],
    [
      'nothing but failures, all after one wait',
      ['503:3001 x6'],
      [{ after: 'failed', answers: 6, of: 6, waitMs: 3001, spreadMs: 0 }],
    ],
    ['failures at once, a fifth of a second away', ['503:203 x10'], []],
    ['failures of the service itself, each as long as the other', ['200:5 x10', '500:703 x6'], []],
    ['fast failures', ['200:5 x10', '503:4 x10'], []],
    ['failures after any wait', ['200:5 x10', '500:700', '500:1900', '500:400', '500:3100', '500:2500'], []],
    [
      'successes late by one second',
      ['200:5 x12', '200:1010', '200:1006', '200:1007', '200:1009'],
      [{ after: 'late', answers: 4, of: 16, extraMs: 1002, spreadMs: 4, steps: 1 }],
    ],
    [
      'successes late by one, two and three times a quarter of a second',
      ['200:5 x20', '200:255', '200:256', '200:506', '200:755', '200:257', '200:507', '200:254'],
      [{ after: 'late', answers: 7, of: 27, extraMs: 250, steps: 3 }],
    ],
    ['successes late by any time', ['200:5 x20', '200:260', '200:390', '200:505', '200:610', '200:745', '200:333'], []],
    ['mostly late is no retry', ['200:5 x3', '200:1005 x9'], []],
  ])('%s', (_, answers, expected) => {
    expect(timeOutsOf(ride(...answers))).toMatchObject(expected);
  });
});

test('failures at once are no time-out however far away they come from', () => {
  const far = ride('503:703 x10').map((trace) => ({ ...trace, tcp: { rttMs: 700, retransmits: 0, mssBytes: 1460 } }));
  expect(timeOutsOf(far)).toEqual([]);
});

test('successes late by a packet of ours that was sent again are no retry of theirs', () => {
  const lost = ride('200:5 x12', '200:210 x4').map((trace): RequestTrace => {
    const { wait } = trace.spans;
    return wait === undefined || wait.durationMs < 100
      ? trace
      : { ...trace, spans: { ...trace.spans, wait: { ...wait, retransmits: 1 } } };
  });
  expect(timeOutsOf(lost)).toEqual([]);
});

describe('a breaker', () => {
  test.each<[string, readonly string[], object | null]>([
    [
      'opens after slow failures, and closes',
      ['200:5 x5', '504:1000 x4', '503:1 x10', '200:5 x5'],
      { slow: 4, slowP50Ms: 1000, fast: 10, fastP50Ms: 1, openMs: 1000, recovered: true },
    ],
    ['stays open until the end', ['504:1000 x5', '503:1 x15'], { slow: 5, fast: 15, openMs: 1400, recovered: false }],
    [
      'lets a trial through that fails slowly (half open)',
      ['504:1000 x5', '503:1 x8', '504:1000', '503:1 x8', '200:5 x3'],
      { slow: 6, fast: 16, recovered: true },
    ],
    [
      'is seen after requests that were never answered',
      ['200:5 x4', 'late x4', '503:1 x12', '200:5'],
      { slow: 4, slowP50Ms: null, fast: 12, recovered: true },
    ],
    [
      'is none where slow and fast failures come by turns',
      times(10, (at) => ({ body: at % 2 ? '504:1000' : '503:1' })).map(({ body = '' }) => body),
      null,
    ],
    [
      'is none where answers come between the fast ones',
      ['504:1000 x5', ...times(8, () => ({})).flatMap(() => ['503:1', '200:5'])],
      null,
    ],
    ['is none where fast failures turn slow', ['503:1 x10', '504:1000 x10'], null],
    ['is not told from two and three', ['504:1000 x2', '503:1 x3'], null],
    ['is none where all failures are fast', ['200:5 x5', '503:1 x10', '200:5 x5'], null],
    ['is none without failures', ['200:5 x20'], null],
  ])('%s', (_, answers, expected) => {
    const found = breakerOf(ride(...answers));
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });
});

describe('a host after its failure', () => {
  /** Two hosts by turns; every third answer of `b` fails. */
  const answers = (slowMs: number): readonly RequestTrace[] =>
    tracesOn(
      endpoint,
      times(80, (at) => {
        const turn = Math.floor(at / 2) % 3;
        const isB = at % 2 === 1;
        const headers = [['X-Served-By', isB ? 'b' : 'a']] as const;
        if (isB && turn === 0) return { status: 500, headers, waitMs: 3 };
        return { headers, waitMs: 5 + (at % 7) / 10 + (isB && turn === 1 ? slowMs : 0) };
      }),
    );
  test('that is slow is told with its shift', () => {
    const found = afterFailureOf(answers(300), 'x-served-by');
    expect(found).toMatchObject([{ identity: 'b', answers: 13 }]);
    expect(found[0]?.shiftMs).toBeCloseTo(300, 0);
  });
  test.each([['via'], ['TLS ticket key'], [null]])('is not told apart by %s', (identifiedBy) => {
    expect(afterFailureOf(answers(300), identifiedBy)).toEqual([]);
  });
  test('that is as fast as ever is not told', () => {
    expect(afterFailureOf(answers(0), 'x-served-by')).toEqual([]);
  });
});

/** Waits as healthy services have them. */
const healthy: readonly (readonly [string, (draw: () => number) => number])[] = [
  ['evenly spread', (draw) => 5 + 20 * draw()],
  ['exponential', (draw) => 2 - 30 * Math.log(1 - draw())],
  ['log-normal', (draw) => 20 * Math.exp(0.8 * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()))],
  ['heavy tail', (draw) => 5 / (1 - draw())],
  ['one in ten collects garbage', (draw) => (draw() < 0.1 ? 60 + 80 * draw() : 5 + draw())],
  ['a cache that misses', (draw) => (draw() < 0.3 ? 150 * Math.exp(draw()) : 2 + draw())],
];

test.each(healthy)('300 healthy rides, %s: hardly ever a time-out, never a breaker', (_, wait) => {
  const draw = drawsOf(7);
  let found = 0;
  for (let each = 0; each < 300; each++) {
    const traces = ride(...Array.from({ length: 40 }, () => `200:${wait(draw)}`));
    found += timeOutsOf(traces).length;
    expect(breakerOf(traces)).toBeNull();
  }
  expect(found).toBeLessThanOrEqual(1);
});

test('500 rides to a host that fails one in three, after any wait: hardly ever a breaker or a time-out', () => {
  const draw = drawsOf(11);
  let found = 0;
  for (let each = 0; each < 500; each++) {
    const one = (): string => `${draw() < 0.33 ? 500 : 200}:${2 - 100 * Math.log(1 - draw())}`;
    const traces = ride(...Array.from({ length: 40 }, one));
    found += timeOutsOf(traces).length + (breakerOf(traces) === null ? 0 : 1);
  }
  expect(found).toBeLessThanOrEqual(1);
});
