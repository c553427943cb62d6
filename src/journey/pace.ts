// Owns when samples start: the due times, waiting for them, and the places of those under way. Everything ends at once when the signal aborts.
// Never starts two at once, nor makes up in a burst for what was missed.
import type { StartFacts } from '../model/trace.ts';
import { now } from '../net/clock.ts';

/** Between any two starts of a ride, ms: what begins at once waits for each other's arithmetic, and is told late by it. */
export const LEAST_APART_MS = 2;
/** Due times have a quarter more than that between them, or what is late once would stay so for good. */
const DUE_APART_MS = 2.5;
/** What is later than this, and than the next of its endpoint, is left out: the process was stopped, and nobody wants the requests of that time at once. */
const LATEST_MS = 1000;

/** From one round to the next: as the rate says, or longer where so many endpoints need it. */
export function roundMs(rate: number, endpoints: number): number {
  return Math.max(1000 / rate, endpoints * DUE_APART_MS);
}

/** How the starts of one endpoint went. */
export class Starts {
  skipped = 0;
  latestMs = 0;
  readonly #roundMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number) {
    this.#roundMs = everyMs;
  }

  /** Not before this, however late it is: twice the rate at most. */
  get earliestMs(): number {
    return this.#lastMs + this.#roundMs / 2;
  }

  isTooLate(dueMs: number, atMs: number): boolean {
    return atMs - dueMs > Math.max(LATEST_MS, this.#roundMs);
  }

  began(dueMs: number, atMs: number): void {
    this.#lastMs = atMs;
    this.latestMs = Math.max(this.latestMs, atMs - dueMs);
  }

  /** What deserves to be told: nothing where each began before the next was due. */
  facts(): StartFacts {
    return {
      ...(this.skipped === 0 ? {} : { skipped: this.skipped }),
      ...(this.latestMs <= this.#roundMs ? {} : { startedLateMs: this.latestMs }),
    };
  }
}

/** Resolves at `atMs` (of `now()`) or soon after, earlier only when the signal aborts. */
export function sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    // Timers count whole milliseconds since the turn began: they may come one too early.
    const wait = (): void => {
      const leftMs = atMs - now();
      if (signal.aborted || leftMs <= 0) done();
      else timer = setTimeout(wait, leftMs);
    };
    signal.addEventListener('abort', done, { once: true });
    wait();
  });
}

/**
 * Bounds how many tasks are under way; `settled` resolves when all that were started have ended. A task that rejects starts no
 * further one: the next `start` throws its error, or `settled` rejects with it.
 */
export function gate(places: number): { start(task: () => Promise<void>): boolean; settled(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const faults: unknown[] = [];
  const throwFault = (): void => {
    if (faults.length > 0) throw faults[0];
  };
  return {
    /** False, and nothing begun, when no place is free. */
    start(task) {
      throwFault();
      if (running.size >= places) return false;
      const ended = task()
        .catch((fault: unknown) => void faults.push(fault))
        .finally(() => running.delete(ended));
      running.add(ended);
      return true;
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
      throwFault();
    },
  };
}
