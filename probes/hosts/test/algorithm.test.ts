import { describe, expect, test } from 'vitest';
import { drawsOf } from '../../../src/stats/draws.ts';
import { decide } from '../algorithm.ts';
import type { Algorithm } from '../evidence.ts';
import {
  always,
  type Balancer,
  drawsFrom,
  leastConnections,
  perWorker,
  random,
  roundRobin,
  twoChoices,
  weighted,
} from './balancers.ts';

const SEEDS = 20;

interface Kind {
  readonly name: string;
  readonly hosts: number;
  readonly foreign?: number;
  readonly make: (draw: () => number) => Balancer;
  readonly truth: Algorithm;
  /** Named in at least this many of the seeds, with bursts. */
  readonly named: number;
}

const even = (hosts: number): readonly number[] => Array.from({ length: hosts }, () => 1);

const kinds: readonly Kind[] = [
  { name: 'round robin of 2', hosts: 2, make: () => roundRobin(2), truth: 'round robin', named: 20 },
  { name: 'round robin of 7', hosts: 7, make: () => roundRobin(7), truth: 'round robin', named: 20 },
  {
    name: 'round robin of 4, two workers',
    hosts: 4,
    make: (draw) => perWorker(() => roundRobin(4), 2, draw),
    truth: 'round robin',
    named: 18,
  },
  {
    name: 'round robin of 3, four workers',
    hosts: 3,
    make: (draw) => perWorker(() => roundRobin(3), 4, draw),
    truth: 'round robin',
    named: 12,
  },
  {
    name: 'round robin of 4, eight workers',
    hosts: 4,
    make: (draw) => perWorker(() => roundRobin(4), 8, draw),
    truth: 'round robin',
    named: 5,
  },
  {
    name: 'round robin of 4 among others',
    hosts: 4,
    foreign: 1,
    make: () => roundRobin(4),
    truth: 'round robin',
    named: 16,
  },
  {
    name: 'round robin of 3 among many others',
    hosts: 3,
    foreign: 3,
    make: () => roundRobin(3),
    truth: 'round robin',
    named: 0,
  },
  { name: 'weights 3:1:1', hosts: 3, make: () => weighted([3, 1, 1]), truth: 'weighted round robin', named: 20 },
  {
    name: 'weights 5:3, two workers',
    hosts: 2,
    make: (draw) => perWorker(() => weighted([5, 3]), 2, draw),
    truth: 'weighted round robin',
    named: 0,
  },
  { name: 'least connections of 4', hosts: 4, make: () => leastConnections(4), truth: 'least connections', named: 20 },
  { name: 'random of 2', hosts: 2, make: (draw) => random(even(2), draw), truth: 'random', named: 4 },
  { name: 'random of 4', hosts: 4, make: (draw) => random(even(4), draw), truth: 'random', named: 12 },
  {
    name: 'random of 6 with unequal shares',
    hosts: 6,
    make: (draw) => random([2, 1, 1, 1, 1, 0.7], draw),
    truth: 'random',
    named: 12,
  },
  { name: 'two choices of 4', hosts: 4, make: (draw) => twoChoices(4, draw), truth: 'power of two choices', named: 10 },
  { name: 'two choices of 7', hosts: 7, make: (draw) => twoChoices(7, draw), truth: 'power of two choices', named: 10 },
  { name: 'hash of the address', hosts: 5, make: () => always(3), truth: 'one host for one client', named: 20 },
];

function tried(kind: Kind, load: { readonly serial: number; readonly bursts: number; readonly holds: number }) {
  const counts = { right: 0, also: 0, untold: 0, wrong: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const draw = drawsOf(seed * 7919);
    const { hosts, foreign = 0 } = kind;
    const { algorithm, alsoFits } = decide(drawsFrom(kind.make(draw), { ...load, hosts, foreign }, draw));
    if (algorithm === kind.truth) counts.right++;
    else if (algorithm === null) counts.untold++;
    else if (alsoFits.includes(kind.truth)) counts.also++;
    else counts.wrong++;
  }
  return counts;
}

describe('with bursts and requests kept open, at n = 200', () => {
  const results = kinds.map((kind) => ({ kind, ...tried(kind, { serial: 200, bursts: 25, holds: 4 }) }));
  test.each(results)('$kind.name: $right right, $also also fits, $untold untold, $wrong wrong', ({ kind, right }) => {
    expect(right).toBeGreaterThanOrEqual(kind.named);
  });

  test('less than one in twenty is named wrongly', () => {
    const wrong = results.reduce((sum, each) => sum + each.wrong, 0);
    expect(wrong / (kinds.length * SEEDS)).toBeLessThan(0.05);
  });
});

describe.each([20, 200])('by the order of %d requests alone', (serial) => {
  test('less than one in twenty is named wrongly', () => {
    const results = kinds.map((kind) => tried(kind, { serial, bursts: 0, holds: 0 }));
    const wrong = results.reduce((sum, each) => sum + each.wrong, 0);
    expect(wrong / (kinds.length * SEEDS)).toBeLessThan(0.05);
  });
});

test.each([
  ['too few answers of several hosts', [0, 1, 1, 0, 0, 1, 0], /-n 50/],
  ['too few answers of one host', [0, 0, 0], /-n 20/],
  ['hosts that stay for a while', [...Array(30).fill(0), ...Array(30).fill(1)] as number[], /stay with a host/],
  ['nobody known', [null, null], /nothing tells/],
])('%s: it says what is missing', (_, serial, because) => {
  const decision = decide({ serial, bursts: [], holds: [] });
  expect(decision.algorithm).toBeNull();
  expect(decision.because).toMatch(because);
});
