// Owns what the order of draws says: whether what comes next depends on what was, whether draws are spread more evenly than chance would.
// Kinds are small whole numbers, 0 to k - 1. Imports nothing but draws and distributions.
import { chiSquareUpper, normalUpper } from './distribution.ts';
import { drawsOf, shuffled } from './draws.ts';

/** Enough for a chance of 0.002. */
const PERMUTATIONS = 999;
/** With so many as extreme it is chance, and no more are tried: Besag and Clifford, Biometrika 78 (1991). */
const ENOUGH = 20;
const SEED = 20_260_101;

export interface OrderTest {
  readonly statistic: number;
  /** By permutation: it holds whatever the shares, and where the table is sparse. */
  readonly chance: number;
}

/** Whether the next kind depends on this one: the likelihood ratio (G) of the table of successions. A null is a draw nobody saw. */
export function successorTest(sequence: readonly (number | null)[]): OrderTest {
  const kinds = kindsOf(sequence);
  return permuted(sequence, (order) => successorG(order, kinds), 'upper');
}

function successorG(order: readonly (number | null)[], kinds: number): number {
  const table = new Float64Array(kinds * kinds);
  const [rows, columns] = [new Float64Array(kinds), new Float64Array(kinds)];
  let total = 0;
  for (let at = 1; at < order.length; at++) {
    const [from, to] = [order[at - 1], order[at]];
    if (from == null || to == null) continue;
    const cell = from * kinds + to;
    table[cell] = (table[cell] ?? 0) + 1;
    rows[from] = (rows[from] ?? 0) + 1;
    columns[to] = (columns[to] ?? 0) + 1;
    total++;
  }
  let g = 0;
  for (const [cell, count] of table.entries()) {
    const due = (rows[Math.floor(cell / kinds)] ?? 0) * (columns[cell % kinds] ?? 0);
    if (count > 0) g += 2 * count * Math.log((count * total) / due);
  }
  return g;
}

/**
 * Whether one kind follows another more often than the other way round, as in turns: Bowker's test of symmetry (JASA 43, 1948) of the
 * table of successions. Two kinds always follow each other alike.
 */
export function asymmetryTest(sequences: readonly (readonly (number | null)[])[]): OrderTest {
  const table = new Map<string, readonly [number, number]>();
  for (const sequence of sequences) {
    for (const [at, to] of sequence.entries()) {
      const from = at === 0 ? null : (sequence[at - 1] ?? null);
      if (from === null || to === null || from === to) continue;
      const key = from < to ? `${from} ${to}` : `${to} ${from}`;
      const [up, down] = table.get(key) ?? [0, 0];
      table.set(key, from < to ? [up + 1, down] : [up, down + 1]);
    }
  }
  const statistic = [...table.values()].reduce((sum, [up, down]) => sum + (up - down) ** 2 / (up + down), 0);
  return { statistic, chance: table.size < 2 ? 1 : chiSquareUpper(statistic, table.size) };
}

/** Whether the kinds are spread more evenly over the whole sequence than chance does it: chi-square within windows, lower tail. */
export function windowTest(sequence: readonly (number | null)[], window: number): OrderTest {
  const kinds = kindsOf(sequence);
  const known = sequence.filter((kind) => kind !== null);
  const totals = tallyOf(known, 0, known.length, kinds);
  return permuted(known, (order) => windowDistance(order, totals, window), 'lower');
}

function windowDistance(order: readonly (number | null)[], totals: Float64Array, window: number): number {
  let distance = 0;
  for (let from = 0; from + window <= order.length; from += window) {
    const counts = tallyOf(order, from, from + window, totals.length);
    for (const [kind, count] of counts.entries()) {
      const due = ((totals[kind] ?? 0) / order.length) * window;
      if (due > 0) distance += (count - due) ** 2 / due;
    }
  }
  return distance;
}

function tallyOf(order: readonly (number | null)[], from: number, to: number, kinds: number): Float64Array {
  const counts = new Float64Array(kinds);
  for (let at = from; at < to; at++) {
    const kind = order[at];
    if (kind != null) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function kindsOf(sequence: readonly (number | null)[]): number {
  return 1 + sequence.reduce<number>((most, kind) => Math.max(most, kind ?? -1), -1);
}

function permuted<T>(
  order: readonly T[],
  statisticOf: (order: readonly T[]) => number,
  tail: 'upper' | 'lower',
): OrderTest {
  const statistic = statisticOf(order);
  const draw = drawsOf(SEED);
  let asExtreme = 1;
  for (let round = 0; round < PERMUTATIONS; round++) {
    const other = statisticOf(shuffled(order, draw));
    if (tail === 'upper' ? other >= statistic - 1e-9 : other <= statistic + 1e-9) asExtreme++;
    if (asExtreme > ENOUGH) return { statistic, chance: ENOUGH / (round + 1) };
  }
  return { statistic, chance: asExtreme / (PERMUTATIONS + 1) };
}

export interface RunsTest {
  readonly runs: number;
  readonly expected: number;
  /** Above 0: kinds change more often than by chance. */
  readonly z: number;
  /** Two-sided. */
  readonly chance: number;
}

/** Number of runs among several kinds: Barton and David (Biometrika 44, 1957), normal. */
export function runsTest(sequence: readonly number[]): RunsTest {
  const n = sequence.length;
  const runs = sequence.filter((kind, at) => at === 0 || kind !== sequence[at - 1]).length;
  const counts = [...tallyOf(sequence, 0, n, kindsOf(sequence))];
  const [squares, cubes] = [2, 3].map((power) => counts.reduce((sum, count) => sum + count ** power, 0)) as [
    number,
    number,
  ];
  const expected = n === 0 ? 0 : (n * (n + 1) - squares) / n;
  const variance = n < 2 ? 0 : (squares * (squares + n * (n + 1)) - 2 * n * cubes - n ** 3) / (n * n * (n - 1));
  if (variance <= 0) return { runs, expected, z: 0, chance: 1 };
  const z = (runs - expected) / Math.sqrt(variance);
  return { runs, expected, z, chance: Math.min(1, 2 * normalUpper(Math.abs(z))) };
}
