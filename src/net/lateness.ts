// Owns how late this process' event loop may be with what it tells: since when it is known that nothing lay unread.
// Needs nothing of the system. Never ticks while nobody asks.
import { now } from './clock.ts';

/** Looks this often, ms: what a figure of an idle loop may be off by, twice. */
const TICK_MS = 1;

export interface Lateness {
  /** What the loop told at this moment of `now()`, in the turn that is under way, came no longer before it, ms. */
  lateAt(toldMs: number): number;
  /** The same of whatever was told since the watch began. */
  longestMs(): number;
  /** What was known until then can still be asked for in this turn. */
  readonly stop: () => void;
}

class Watch implements Lateness {
  readonly #beganMs = now();
  #longestMs = 0;

  lateAt(toldMs: number): number {
    return Math.max(0, toldMs - Math.max(this.#beganMs, quietMs));
  }

  longestMs(): number {
    this.settle();
    return this.#longestMs;
  }

  settle(): void {
    this.#longestMs = Math.max(this.#longestMs, this.lateAt(now()));
  }

  readonly stop = (): void => void watches.delete(this);
}

const watches = new Set<Watch>();
/** All that had come by then has been told in a turn that is over. */
let quietMs = 0;
let ticking = false;

/** Watches from now on: what is told later is meant. */
export function watchLateness(): Lateness {
  const watch = new Watch();
  watches.add(watch);
  if (!ticking) look();
  return watch;
}

/** Timers come before I/O in a turn of the loop, immediates after it: by then whatever had come when the timer was called has been told. */
function look(): void {
  ticking = true;
  setTimeout(() => {
    const lookedMs = now();
    setImmediate(() => {
      for (const watch of watches) watch.settle();
      quietMs = lookedMs;
      if (watches.size > 0) look();
      else ticking = false;
    });
  }, TICK_MS).unref();
}
