// Owns what counts say against shares: too uneven for them, or too even for chance.
// Imports nothing but distributions.
import { chiSquareLower, chiSquareUpper } from './distribution.ts';

export interface CountTest {
  readonly distance: number;
  readonly freedom: number;
  /** Chance of counts as uneven as these, or more. */
  readonly upper: number;
  /** Chance of counts as even as these, or more so. With two kinds it is too often small: counts are whole numbers. */
  readonly lower: number;
}

/** Pearson's chi-square of counts against shares that add up to 1 (equal ones when absent). Kinds without share are left out. */
export function countTest(counts: readonly number[], shares?: readonly number[]): CountTest {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const expected = counts.map((_, at) => total * (shares === undefined ? 1 / counts.length : (shares[at] ?? 0)));
  const distance = counts.reduce((sum, count, at) => {
    const due = expected[at] ?? 0;
    return due === 0 ? sum : sum + (count - due) ** 2 / due;
  }, 0);
  const freedom = expected.filter((due) => due > 0).length - 1;
  if (freedom < 1) return { distance: 0, freedom: 0, upper: 1, lower: 1 };
  return { distance, freedom, upper: chiSquareUpper(distance, freedom), lower: chiSquareLower(distance, freedom) };
}

/** Chances corrected for being many: Holm (Scand. J. Statist. 6, 1979). In the order given. */
export function holm(chances: readonly number[]): readonly number[] {
  const order = chances.map((chance, at) => ({ chance, at })).toSorted((a, b) => a.chance - b.chance);
  const corrected: number[] = [];
  let most = 0;
  for (const [rank, { chance, at }] of order.entries()) {
    most = Math.max(most, Math.min(1, chance * (chances.length - rank)));
    corrected[at] = most;
  }
  return corrected;
}
