import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/demo/random.ts';
import type { PolicyKind } from '../evidence.ts';
import { inferPolicy, type PolicySample, type SubnetView } from '../policy-kind.ts';

type Random = () => number;
/** One answer; `prefix` null for a question without client subnet. */
type Zone = (random: Random, turn: number, prefix: number | null) => readonly string[];

const addresses = (first: number, count: number) => Array.from({ length: count }, (_, at) => `192.0.2.${first + at}`);

function shuffled(all: readonly string[], random: Random): readonly string[] {
  return all
    .map((one) => [random(), one] as const)
    .toSorted((a, b) => a[0] - b[0])
    .map(([, one]) => one);
}

function weighted(...shares: readonly number[]): Zone {
  return (random) => {
    let left = random();
    const at = shares.findIndex((share) => (left -= share) < 0);
    return addresses((at < 0 ? shares.length - 1 : at) * 10, 2);
  };
}

const some =
  (pool: number, size: number): Zone =>
  (random) =>
    shuffled(addresses(1, pool), random).slice(0, size);
const three = addresses(1, 3);
const region = (prefix: number | null) => (prefix === null ? 0 : prefix % 3);

const kinds: readonly (readonly [string, PolicyKind, Zone])[] = [
  ['one address', 'fixed', () => addresses(1, 1)],
  ['three addresses in one order', 'fixed', () => three],
  ['three addresses shuffled', 'rotated', (random) => shuffled(three, random)],
  ['three addresses in turns', 'rotated', (_, turn) => [...three.slice(turn % 3), ...three.slice(0, turn % 3)]],
  ['8 of 12', 'multivalue', some(12, 8)],
  ['4 of 20', 'multivalue', some(20, 4)],
  ['1 of 40', 'multivalue', some(40, 1)],
  ['weights 50/50', 'weighted', weighted(0.5, 0.5)],
  ['weights 70/30', 'weighted', weighted(0.7, 0.3)],
  ['weights 80/20', 'weighted', weighted(0.8, 0.2)],
  ['weights 60/30/10', 'weighted', weighted(0.6, 0.3, 0.1)],
  ['three regions', 'client-dependent', (_r, _t, prefix) => addresses(region(prefix) * 10, 3)],
  ['regions, shuffled', 'client-dependent', (random, _, prefix) => shuffled(addresses(region(prefix) * 10, 3), random)],
];
const PREFIXES = 8;
const RUNS = 200;

/** Two servers in turns, then each subnet twice: as it is asked in earnest. Scope is told by every zone: the hard case. */
function ask(zone: Zone, random: Random, n: number) {
  const samples = Array.from(
    { length: n },
    (_, turn): PolicySample => ({ server: `ns${turn % 2}`, members: zone(random, turn, null) }),
  );
  const views = Array.from({ length: 2 * PREFIXES }, (_, turn): SubnetView => {
    const prefix = turn % PREFIXES;
    return { prefix: `10.${prefix}.0.0/24`, scope: 24, members: zone(random, n + turn, prefix) };
  });
  return inferPolicy(samples, views);
}

function share(zone: Zone, kind: PolicyKind, n: number) {
  const random = seededRandom(7);
  const verdicts = Array.from({ length: RUNS }, () => ask(zone, random, n));
  const right = verdicts.filter((one) => one.kind === kind).length / RUNS;
  const silent = verdicts.filter((one) => one.kind === 'cannot-tell' && kind !== 'cannot-tell').length / RUNS;
  return { right, wrong: Math.round((1 - right - silent) * 1000) / 1000, verdicts };
}

describe.each([20, 40])('with %i answers, 200 runs each', (n) => {
  test.each(kinds)('%s is %s', (_, kind, zone) => {
    const { right, wrong } = share(zone, kind, n);
    expect({ wrong: wrong < 0.05, right: right >= 0.9, was: { right, wrong } }).toMatchObject({
      wrong: true,
      right: true,
    });
  });

  test('a share of 10 % may stay unseen: then the verdict says that it could', () => {
    const { verdicts, wrong } = share(weighted(0.9, 0.1), 'weighted', n);
    const fixed = verdicts.filter((one) => one.kind === 'fixed');
    expect(wrong * RUNS).toBeCloseTo(fixed.length);
    for (const { signals } of fixed) {
      const [, percent] = /under (\d+) % could/.exec(signals.join()) ?? [];
      expect(Number(percent)).toBeGreaterThanOrEqual(n === 20 ? 14 : 8);
    }
  });

  test('the pool of a multivalue answer is estimated', () => {
    const { verdicts } = share(some(20, 4), 'multivalue', n);
    const pools = verdicts.flatMap(({ pool }) => pool ?? []);
    expect(pools.filter((pool) => pool >= 18 && pool <= 24).length / pools.length).toBeGreaterThan(0.9);
  });
});

describe('what is no draw is not called one', () => {
  const samples = (...rows: readonly (readonly [string, readonly string[]])[]) =>
    rows.map(([server, members]): PolicySample => ({ server, members }));
  const times = <T>(count: number, one: T): readonly T[] => Array.from({ length: count }, () => one);
  const [x, y] = [addresses(1, 2), addresses(11, 2)];
  test.each<[string, readonly PolicySample[], RegExp]>([
    ['no answers', [], /0 answers are too few/],
    ['four answers', samples(...times(4, ['ns1', x] as const)), /too few/],
    [
      'a stale server',
      samples(
        ...times(10, [
          ['ns1', x],
          ['ns2', y],
        ] as const).flat(),
      ),
      /differ from one another/,
    ],
    ['a failover', samples(...times(9, ['ns1', x] as const), ...times(9, ['ns1', y] as const)), /changed once/],
    [
      'a zone that comes and goes',
      samples(
        ...times(9, [
          ['ns1', three],
          ['ns1', three.slice(1)],
        ] as const).flat(),
      ),
      /differ in size/,
    ],
    [
      'two sets that overlap',
      samples(
        ...times(9, [
          ['ns1', three.slice(1)],
          ['ns1', three.slice(0, 2)],
        ] as const).flat(),
      ),
      /share members/,
    ],
    [
      'an empty answer now and then',
      samples(
        ...times(9, [
          ['ns1', x],
          ['ns1', []],
        ] as const).flat(),
      ),
      /no address/,
    ],
  ])('%s', (_, given, signal) => {
    const { kind, signals } = inferPolicy(given);
    expect([kind, signals.join('; ')]).toEqual(['cannot-tell', expect.stringMatching(signal)]);
  });

  test('scope 0: the answer is for all clients alike, whatever the subnets got', () => {
    const views = times(2, [0, 1, 2, 3])
      .flat()
      .map((at) => ({ prefix: `10.${at}.0.0/24`, scope: 0, members: x }));
    const { kind, signals } = inferPolicy(samples(...times(20, ['ns1', x] as const)), views);
    expect([kind, signals.at(-1)]).toEqual(['fixed', expect.stringContaining('scope 0')]);
  });
});
