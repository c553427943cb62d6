import { describe, expect, test } from 'vitest';
import { drawsOf } from '../draws.ts';
import { asymmetryTest, runsTest, successorTest, windowTest } from '../order.ts';

/** A shared counter over `hosts`, with on average `foreign` requests of others between two of ours. */
function rotation(hosts: number, n: number, foreign: number, draw: () => number): number[] {
  let counter = 0;
  return Array.from({ length: n }, () => {
    counter++;
    for (let left = Math.exp(-foreign), product = draw(); product > left; product *= draw()) counter++;
    return counter % hosts;
  });
}

const random = (hosts: number, n: number, draw: () => number): number[] =>
  Array.from({ length: n }, () => Math.floor(draw() * hosts));

/** One counter for each worker, and a worker by chance: the order of requests is that of no single counter. */
function perWorker(hosts: number, workers: number, n: number, draw: () => number): number[] {
  const counters = Array.from({ length: workers }, () => Math.floor(draw() * hosts));
  return Array.from({ length: n }, () => {
    const worker = Math.floor(draw() * workers);
    counters[worker] = ((counters[worker] ?? 0) + 1) % hosts;
    return counters[worker];
  });
}

const ROUNDS = 40;
function share(of: (draw: () => number) => boolean): number {
  const draw = drawsOf(11);
  return Array.from({ length: ROUNDS }, () => of(draw)).filter(Boolean).length / ROUNDS;
}

describe('the successor test', () => {
  // Sample sizes that find a rotation under other people's traffic nine times in ten, simulated independently.
  test.each([
    [2, 200, 0.5],
    [4, 100, 1],
    [8, 100, 2],
  ])('finds a rotation of %d hosts in %d requests with %d of others in between', (hosts, n, foreign) => {
    const found = share((draw) => successorTest(rotation(hosts, n, foreign, draw)).chance <= 0.005);
    expect(found).toBeGreaterThanOrEqual(0.8);
  });

  test('finds counters of two workers', () => {
    expect(share((draw) => successorTest(perWorker(4, 2, 100, draw)).chance <= 0.005)).toBeGreaterThanOrEqual(0.8);
  });

  test.each([2, 8])('finds nothing in random draws among %d', (hosts) => {
    expect(share((draw) => successorTest(random(hosts, 100, draw)).chance <= 0.005)).toBeLessThanOrEqual(0.05);
  });

  test('passes over draws that nobody saw', () => {
    expect(successorTest([0, null, 0, null, 1, null]).statistic).toBe(0);
  });
});

describe('the window test', () => {
  test('finds counters of eight workers, where the order of two requests says nothing', () => {
    expect(share((draw) => windowTest(perWorker(4, 8, 400, draw), 40).chance <= 0.01)).toBeGreaterThanOrEqual(0.8);
  });

  test('finds nothing in random draws', () => {
    expect(share((draw) => windowTest(random(4, 200, draw), 40).chance <= 0.01)).toBeLessThanOrEqual(0.1);
  });
});

describe('the asymmetry test', () => {
  test('finds turns, and none in random draws', () => {
    const bursts = (make: () => number[]) => Array.from({ length: 25 }, make);
    expect(share((draw) => asymmetryTest(bursts(() => rotation(3, 6, 0.2, draw))).chance <= 0.01)).toBeGreaterThan(0.9);
    expect(share((draw) => asymmetryTest(bursts(() => random(3, 6, draw))).chance <= 0.01)).toBeLessThanOrEqual(0.1);
  });

  test('knows nothing of two kinds', () => {
    expect(asymmetryTest([[0, 1, 0, 1, 0, 1]]).chance).toBe(1);
  });
});

test.each<[string, readonly number[], number, number]>([
  // By hand: n = 10 in two kinds of 5: expected 6, variance (50*160 - 2*10*250 - 1000) / 900 = 2.222.
  ['alternating', [0, 1, 0, 1, 0, 1, 0, 1, 0, 1], 10, (10 - 6) / Math.sqrt(20 / 9)],
  ['in two blocks', [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 2, (2 - 6) / Math.sqrt(20 / 9)],
  ['of one kind', [0, 0, 0], 1, 0],
  ['empty', [], 0, 0],
])('runs of a sequence %s', (_, sequence, runs, z) => {
  expect(runsTest(sequence)).toMatchObject({ runs, z: expect.closeTo(z, 9) as number });
});
