// Owns what is remembered of the last probes of one target: a few bytes each, and the words of the last failures.
import type { Verdict } from '../model/journey.ts';
import { RecentRuns } from './recent-runs.ts';

export interface FailedProbe {
  readonly id: string;
  /** Unix ms */
  readonly startedAtMs: number;
  readonly verdict: Verdict;
  readonly what: string;
}

const MOST_FAILURES = 5;

export class LatestProbes {
  readonly runs = new RecentRuns();
  #failures: readonly FailedProbe[] = [];

  succeeded(durationMs: number): void {
    this.runs.add('ok', durationMs);
  }

  failed(probe: FailedProbe): void {
    this.runs.add(probe.verdict, null);
    this.#failures = [...this.#failures.slice(1 - MOST_FAILURES), probe];
  }

  /** The latest last. */
  failures(): readonly FailedProbe[] {
    return this.#failures;
  }

  /** Of the last probe; null before the first. */
  verdict(): Verdict | null {
    return this.runs.verdict();
  }
}
