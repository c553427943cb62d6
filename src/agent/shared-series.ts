// Owns what the series of all targets of an agent have in common: which families are left out, which part of the sliding window is now.
import type { SampleShape } from '../metrics/last-samples.ts';
import { Shapes } from '../metrics/shapes.ts';
import type { SeriesRoom } from '../metrics/target-series.ts';
import { isLike } from '../model/like.ts';
import { SLICES } from '../stats/window-sketch.ts';

export interface SeriesPolicy {
  /** Of percentiles over several runs. */
  readonly windowMs: number;
  /** Families that are left out; `*` stands for any letters. */
  readonly without: readonly string[];
}

export class SharedSeries implements SeriesRoom {
  readonly shapes = new Shapes<SampleShape>();
  readonly #nowMs: () => number;
  #policy: SeriesPolicy = { windowMs: 600_000, without: [] };
  /** By family, as far as was asked. */
  #kept = new Map<string, boolean>();

  /** @param nowMs steady */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  set(policy: SeriesPolicy): void {
    this.#policy = policy;
    this.#kept = new Map();
  }

  slice(): number {
    return Math.floor((this.#nowMs() * SLICES) / this.#policy.windowMs);
  }

  keeps(family: string): boolean {
    const known = this.#kept.get(family);
    if (known !== undefined) return known;
    const isKept = !this.#policy.without.some((pattern) => isLike(family, pattern));
    this.#kept.set(family, isKept);
    return isKept;
  }
}
