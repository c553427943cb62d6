// Owns attempting one thing again that may heal: how the time for it is shared among the attempts, and the pause between two. Knows no such thing.
import { paused } from './paused.ts';

interface Attempts {
  /** How often it may be repeated. */
  readonly times: number;
  /** From the end of one to the begin of the next, ms. */
  readonly afterMs: number;
  /** For all of them, with the pauses, ms. */
  readonly budgetMs: number;
}

/**
 * @param attempt one, with ms for it
 * @param mayHeal whether another may come to something else
 * @returns what all of them came to, the one that counts last. Rejects as an attempt does
 */
export async function attempted<T>(
  { times, afterMs, budgetMs }: Attempts,
  signal: AbortSignal,
  attempt: (mostMs: number) => Promise<T>,
  mayHeal: (outcome: T) => boolean,
): Promise<readonly [...T[], T]> {
  const endMs = performance.now() + budgetMs;
  const leftMs = (): number => endMs - performance.now();
  const before: T[] = [];
  for (let repeats = times; ; repeats--) {
    const outcome = await attempt(shareOf(leftMs(), repeats, afterMs));
    const repeated = repeats > 0 && mayHeal(outcome) && leftMs() > afterMs && (await paused(afterMs, signal));
    if (!repeated) return [...before, outcome];
    before.push(outcome);
  }
}

/**
 * An equal part of what is left for each attempt still to come; what one does not use is there for the next.
 * @param left and `between`, the pause between two: in one unit, which is that of the answer. Never below 0
 */
export function shareOf(left: number, repeats: number, between: number): number {
  const share = (left - repeats * between) / (repeats + 1);
  // There may be less than the pauses take: then there are fewer repetitions, and not no time for the first.
  return share > 0 || repeats === 0 ? Math.max(0, share) : shareOf(left, repeats - 1, between);
}
