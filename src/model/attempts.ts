// Owns how the time for one thing is shared among the attempts at it, and the pause between two. Attempts nothing itself.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * An equal part of what is left for each attempt still to come; what one does not use is there for the next.
 * @param left and `between`, the pause between two: in one unit, which is that of the answer. Never below 0
 */
export function shareOf(left: number, repeats: number, between: number): number {
  const share = (left - repeats * between) / (repeats + 1);
  // There may be less than the pauses take: then there are fewer repetitions, and not no time for the first.
  return share > 0 || repeats === 0 ? Math.max(0, share) : shareOf(left, repeats - 1, between);
}

/** @returns false when nobody waits for it any more */
export function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  return pause(ms, true, { signal }).catch(() => false);
}
