// Owns the clock of the schedule: the time of day when the agent began, and from then on the monotonic clock, which nobody sets.
import { now } from '../net/clock.ts';
import type { Clock } from './schedule.ts';

/** setTimeout's own bound; a longer wait is taken in parts. */
const MOST_MS = 2_147_483_647;

/** @param wallClockMs Unix ms, asked once */
export function steadyClock(wallClockMs: () => number): Clock {
  const originMs = wallClockMs() - now();
  const nowMs = (): number => originMs + now();
  return {
    nowMs,
    at(ms, callback) {
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        const leftMs = ms - nowMs();
        timer = setTimeout(leftMs > MOST_MS ? wait : callback, Math.min(MOST_MS, Math.max(0, Math.ceil(leftMs))));
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}
