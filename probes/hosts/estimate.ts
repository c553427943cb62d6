// Owns estimating how many hosts there are from those seen, and whether they are taken in turns. Pure statistics.
import { type TextKey, textKey, type WireText } from '../../src/model/text.ts';

export interface HostCount {
  readonly estimate: number;
  readonly low: number;
  /** Null when there may be any number more. */
  readonly high: number | null;
}

/** 95 % two-sided normal quantile. */
const Z = 1.959964;
/** A rotation is believed when chance would show it less often than this. */
const CHANCE = 0.001;

/**
 * Bias-corrected Chao1 with its 95 % interval: A. Chao, Biometrics 43 (1987); formulas as in EstimateS, appendix B.
 * @param requests how many each seen host answered, at least one host
 */
export function chao1(requests: readonly number[]): HostCount {
  const seen = requests.length;
  const total = requests.reduce((sum, each) => sum + each, 0);
  const once = requests.filter((each) => each === 1).length;
  const twice = requests.filter((each) => each === 2).length;
  const unseen = (once * (once - 1)) / (2 * (twice + 1));
  const estimate = seen + unseen;
  // Half of the answers came from hosts met for the first time: any number more may follow.
  if (once * 2 >= total) return { estimate, low: seen, high: null };
  if (unseen === 0) return { estimate, ...whenComplete(seen, total) };
  const variance =
    unseen +
    (once * (2 * once - 1) ** 2) / (4 * (twice + 1) ** 2) +
    (once ** 2 * twice * (once - 1) ** 2) / (4 * (twice + 1) ** 4);
  const spread = Math.exp(Z * Math.sqrt(Math.log(1 + variance / unseen ** 2)));
  return { estimate, low: seen + unseen / spread, high: seen + unseen * spread };
}

/** With nothing estimated unseen: how far the number may still be off, from the requests each host had on average. */
function whenComplete(seen: number, total: number): { readonly low: number; readonly high: number } {
  const missed = Math.exp(-total / seen);
  const deviation = Math.sqrt(seen * missed * (1 - missed));
  return { low: seen, high: Math.max(seen, (seen + Z * deviation) / (1 - missed)) };
}

/**
 * The period of a rotation in the order of requests, or null when none can be told from chance. A null in the sequence is a
 * request whose host is not known; it agrees with anything and proves nothing. The period may be longer than the number of
 * hosts when they have weights.
 */
export function periodOf(sequence: readonly (WireText | null)[]): number | null {
  return periodOfKinds(sequence.map((identity) => (identity === null ? null : textKey(identity))));
}

/** The same for anything that can be compared. */
export function periodOfKinds(keys: readonly (TextKey | number | null)[]): number | null {
  const known = keys.filter((identity) => identity !== null);
  const counts = [...Map.groupBy(known, (identity) => identity).values()].map((group) => group.length);
  if (counts.length < 2) return null;
  // Two draws agree by chance with the sum of squared shares.
  const agree = counts.reduce((sum, count) => sum + (count / known.length) ** 2, 0);
  for (let period = counts.length; period * 2 <= keys.length; period++) {
    const tried = period - counts.length + 1;
    let compared = 0;
    const broken = keys.some((identity, at) => {
      const before = keys[at - period];
      if (identity === null || before === null || before === undefined) return false;
      compared++;
      return identity !== before;
    });
    if (!broken) return tried * agree ** compared <= CHANCE ? period : null;
  }
  return null;
}
