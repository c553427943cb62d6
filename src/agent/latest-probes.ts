// Owns what is remembered of the last probes of one target, a few bytes each: how long each took, which failed, and the words of the last failures.
import type { Verdict } from '../model/journey.ts';

export interface FailedProbe {
  readonly id: string;
  /** Unix ms */
  readonly startedAtMs: number;
  readonly verdict: Verdict;
  readonly what: string;
}

const MOST = 60;
const MOST_FAILURES = 5;

export class LatestProbes {
  /** Milliseconds, in turns; NaN: failed. */
  readonly #durations = new Float32Array(MOST);
  #count = 0;
  #failures: readonly FailedProbe[] = [];

  succeeded(durationMs: number): void {
    this.#durations[this.#count % MOST] = durationMs;
    this.#count++;
  }

  failed(probe: FailedProbe): void {
    this.succeeded(Number.NaN);
    this.#failures = [...this.#failures.slice(1 - MOST_FAILURES), probe];
  }

  /** The oldest first; null: it failed. */
  durationsMs(): readonly (number | null)[] {
    const first = Math.max(0, this.#count - MOST);
    return Array.from({ length: Math.min(this.#count, MOST) }, (_, at) => {
      const value = this.#durations[(first + at) % MOST] ?? Number.NaN;
      return Number.isNaN(value) ? null : value;
    });
  }

  /** The latest last. */
  failures(): readonly FailedProbe[] {
    return this.#failures;
  }

  /** Of the last probe; null before the first. */
  verdict(): Verdict | null {
    if (this.#count === 0) return null;
    const isFailed = Number.isNaN(this.#durations[(this.#count - 1) % MOST]);
    return isFailed ? (this.#failures.at(-1)?.verdict ?? 'critical') : 'ok';
  }
}
