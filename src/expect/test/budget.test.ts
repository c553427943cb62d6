// The figures that ride-facts.ts states, by simulation with seeded draws: what an unchanged world costs in false drifts, what a slower one shows.
import { describe, expect, test } from 'vitest';
import { drawsOf } from '../../stats/draws.ts';
import { budgetOf, weighBudget } from '../ride-facts.ts';

const draw = drawsOf(26);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
const lognormal = (spread: number) => (): number => 100 * Math.exp(spread * normal());

const shapes: Readonly<Record<string, () => number>> = {
  'normal, 5 %': () => 100 * (1 + 0.05 * normal()),
  'normal, 10 %': () => 100 * (1 + 0.1 * normal()),
  'lognormal, 20 %': lognormal(0.2),
  'lognormal, 50 %': lognormal(0.5),
  'two hosts, one twice as slow': () => (draw() < 0.5 ? 60 : 120) * Math.exp(0.05 * normal()),
  'one of ten five times as slow': () => (draw() < 0.1 ? 500 : 100) * Math.exp(0.1 * normal()),
};

const sample = (noise: () => number, factor: number, n: number): number[] =>
  Array.from({ length: n }, () => factor * noise());

function medianOf(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.ceil(samples.length / 2) - 1] ?? 0;
}

/** Part of the rides, slower by `factor`, that drift from a budget learned from another. `sway`: how much a ride's own speed varies. */
function drifting(noise: () => number, factor: number, rides: number, n = 20, sway = 0): number {
  let drifts = 0;
  for (let ride = 0; ride < rides; ride++) {
    const learned = budgetOf(medianOf(sample(noise, 1 + sway * normal(), n)), 'kernel');
    const now = sample(noise, factor * (1 + sway * normal()), n);
    if (medianOf(now) > learned && weighBudget(now, learned) === 'drift') drifts++;
  }
  return drifts / rides;
}

describe('a world that did not change drifts', () => {
  test.each(Object.keys(shapes).filter((name) => name !== 'lognormal, 50 %'))('hardly ever: %s', (name) => {
    expect(drifting(shapes[name] ?? draw, 1, 4000)).toBeLessThan(0.006);
  });

  test('not once in 50 rides where the noise is that of a local network', () => {
    for (const name of ['normal, 5 %', 'normal, 10 %', 'one of ten five times as slow'])
      expect(drifting(shapes[name] ?? draw, 1, 50)).toBe(0);
  });

  test('in about 1 of 100 rides where the noise is half of the median, or each ride has a speed of its own', () => {
    expect(drifting(lognormal(0.5), 1, 4000)).toBeLessThan(0.02);
    expect(drifting(lognormal(0.1), 1, 4000, 20, 0.05)).toBeLessThan(0.02);
  });
});

describe('a median up by 30 % is found', () => {
  test.each([
    ['normal, 5 %', 20, 0.99],
    ['normal, 10 %', 20, 0.85],
    ['lognormal, 20 %', 20, 0.35],
    ['lognormal, 20 %', 60, 0.6],
  ])('%s, %i samples: in at least %f of the rides', (name, n, part) => {
    expect(drifting(shapes[name] ?? draw, 1.3, 2000, n)).toBeGreaterThan(part);
  });
});

test('a few samples beyond the budget say nothing, and many below it say that it holds', () => {
  expect(weighBudget([9, 9, 9, 9, 9, 9], 5)).toMatchObject({ because: expect.stringContaining('too few') as string });
  expect(weighBudget([9, 9, 9, 9, 9, 9, 9], 5)).toBe('drift');
  expect(
    weighBudget(
      Array.from({ length: 20 }, (_, at) => (at < 15 ? 9 : 1)),
      5,
    ),
  ).toBe('holds');
  expect(
    weighBudget(
      Array.from({ length: 20 }, (_, at) => (at < 16 ? 9 : 1)),
      5,
    ),
  ).toBe('drift');
});

test('a phase that takes next to no time is given the room of a scheduler, and more by the clock of the loop', () => {
  expect([0.01, 3, 100].map((ms) => budgetOf(ms, 'kernel'))).toEqual([2, 5, 115]);
  expect([0.01, 3, 100].map((ms) => budgetOf(ms, 'loop'))).toEqual([10, 13, 115]);
});
