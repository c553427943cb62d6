// Owns comparing two samples whatever their distribution: whether one is larger, and by how much. Imports nothing but distributions.
import { normalUpper } from './distribution.ts';

/** 95 % two-sided normal quantile. */
const Z = 1.959964;
/** Up to this many pairs, and without ties, the chance is exact. */
const EXACT_PAIRS = 900;
/** Of larger samples every k-th value is taken for the pairs of the shift. */
const SHIFT_SAMPLES = 300;

export interface RankTest {
  /** Pairs in which the first sample's value is the larger one; ties count half. */
  readonly u: number;
  /** Two-sided. */
  readonly chance: number;
}

/** Mann and Whitney's test (Ann. Math. Stat. 18, 1947); exact for small samples, else normal with corrections for ties and continuity. */
export function mannWhitney(a: readonly number[], b: readonly number[]): RankTest {
  const pairs = a.length * b.length;
  if (pairs === 0) return { u: 0, chance: 1 };
  const { ranksOfA, ties } = rankSum(a, b);
  const u = ranksOfA - (a.length * (a.length + 1)) / 2;
  if (ties === 0 && pairs <= EXACT_PAIRS) return { u, chance: exactChance(Math.min(u, pairs - u), a.length, b.length) };
  const n = a.length + b.length;
  const variance = (pairs / 12) * (n + 1 - ties / (n * (n - 1)));
  if (variance <= 0) return { u, chance: 1 };
  const z = Math.max(0, Math.abs(u - pairs / 2) - 0.5) / Math.sqrt(variance);
  return { u, chance: Math.min(1, 2 * normalUpper(z)) };
}

/** Middle ranks for equal values; `ties` is the sum of t^3 - t. */
function rankSum(a: readonly number[], b: readonly number[]): { readonly ranksOfA: number; readonly ties: number } {
  const all = [...a.map((value) => ({ value, first: true })), ...b.map((value) => ({ value, first: false }))].toSorted(
    (one, other) => one.value - other.value,
  );
  let [ranksOfA, ties] = [0, 0];
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to++;
    const rank = (from + 1 + to) / 2;
    ranksOfA += rank * all.slice(from, to).filter(({ first }) => first).length;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  return { ranksOfA, ties };
}

/** Two-sided chance of a U this small: the number of arrangements for each U, row by row. */
function exactChance(u: number, n: number, m: number): number {
  // ways[j][k]: arrangements of i values of one sample and j of the other with U = k.
  let ways: number[][] = Array.from({ length: m + 1 }, () => [1]);
  for (let i = 1; i <= n; i++) {
    const next: number[][] = [[1]];
    for (let j = 1; j <= m; j++) {
      const row: number[] = [];
      // The largest value is of the first sample (adds j), or of the other (adds nothing).
      for (let k = 0; k <= i * j; k++) row.push((ways[j]?.[k - j] ?? 0) + (next[j - 1]?.[k] ?? 0));
      next.push(row);
    }
    ways = next;
  }
  const all = ways[m] ?? [];
  const total = all.reduce((sum, each) => sum + each, 0);
  const below = all.slice(0, Math.floor(u) + 1).reduce((sum, each) => sum + each, 0);
  return Math.min(1, (2 * below) / total);
}

export interface Shift {
  readonly shift: number;
  /** 95 % interval; null where the samples are too small for one. */
  readonly interval: readonly [number, number] | null;
}

/**
 * By how much the first sample is larger: the median of all differences (Hodges and Lehmann, Ann. Math. Stat. 34, 1963) with the
 * interval of Moses. Null without samples.
 */
export function hodgesLehmann(a: readonly number[], b: readonly number[]): Shift | null {
  const [first, second] = [thinned(a), thinned(b)];
  const differences = new Float64Array(first.length * second.length);
  if (differences.length === 0) return null;
  for (const [i, x] of first.entries()) {
    for (const [j, y] of second.entries()) differences[i * second.length + j] = x - y;
  }
  differences.sort();
  const pairs = differences.length;
  const middle = pairs / 2;
  const shift = ((differences[Math.ceil(middle) - 1] ?? 0) + (differences[Math.floor(middle)] ?? 0)) / 2;
  const spread = Z * Math.sqrt((pairs * (first.length + second.length + 1)) / 12);
  // 1-based rank of the lower end.
  const rank = Math.round(middle - spread);
  const [low, high] = [differences[rank - 1], differences[pairs - rank]];
  return { shift, interval: rank < 1 || low === undefined || high === undefined ? null : [low, high] };
}

function thinned(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length <= SHIFT_SAMPLES) return sorted;
  return Array.from(
    { length: SHIFT_SAMPLES },
    (_, at) => sorted[Math.floor(((at + 0.5) * sorted.length) / SHIFT_SAMPLES)] ?? 0,
  );
}
