// Owns waiting: until a moment of the schedule, and for a free place. Everything ends at once when the signal aborts.
import { now } from '../net/clock.ts';

/** Resolves at `atMs` (of `now()`), or earlier when the signal aborts. */
export function sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const leftMs = atMs - now();
    if (signal.aborted || leftMs <= 0) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, leftMs);
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * Bounds how many tasks are under way; `settled` resolves when all that were started have ended. A task that rejects starts no
 * further one: the next `run`, or `settled`, rejects with its error.
 */
export function gate(places: number): { run(task: () => Promise<void>): Promise<void>; settled(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const faults: unknown[] = [];
  const throwFault = (): void => {
    if (faults.length > 0) throw faults[0];
  };
  return {
    async run(task) {
      while (running.size >= places) await Promise.race(running);
      throwFault();
      const ended = task()
        .catch((fault: unknown) => void faults.push(fault))
        .finally(() => running.delete(ended));
      running.add(ended);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
      throwFault();
    },
  };
}
