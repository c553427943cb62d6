// Owns what a sample says of shares: an interval for one, whether several are equal, how many draws it takes. Imports nothing but
// distributions.
import { normalUpper } from './distribution.ts';

/** Two-sided 95 % of the normal distribution. */
const Z = 1.96;

/** Wilson's score interval at 95 % (JASA 22, 1927): keeps inside 0..1 and holds for small counts. @throws RangeError without draws */
export function wilsonInterval(hits: number, draws: number): readonly [number, number] {
  if (draws < 1) throw new RangeError('an interval needs at least one draw');
  const share = hits / draws;
  const shrink = 1 + Z ** 2 / draws;
  const middle = (share + Z ** 2 / (2 * draws)) / shrink;
  const half = (Z / shrink) * Math.sqrt((share * (1 - share)) / draws + Z ** 2 / (4 * draws ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Draws after which the interval of a share is no wider than `half` to either side. */
export function drawsForHalfWidth(share: number, half: number): number {
  return Math.ceil((Z ** 2 * share * (1 - share)) / half ** 2);
}

/** The largest share that stays unseen in that many draws with a chance of 5 %. */
export function largestUnseenShare(draws: number): number {
  return draws < 1 ? 1 : 1 - 0.05 ** (1 / draws);
}

/**
 * Chance of counts as uneven as these, or more, when all shares are equal: Pearson's chi-square by Wilson and Hilferty's cube
 * root (PNAS 17, 1931), good to a hundredth where each count is expected five times or more.
 */
export function equalSharesChance(counts: readonly number[]): number {
  const freedom = counts.length - 1;
  if (freedom < 1) return 1;
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const distance = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const spread = 2 / (9 * freedom);
  return normalUpper((Math.cbrt(distance / freedom) - (1 - spread)) / Math.sqrt(spread));
}
