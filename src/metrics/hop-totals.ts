// Owns what adds up over the journeys of one target: counters, and of each hop its histogram and the sketch of a sliding window; rows of numbers, and
// each set of labels once. Lets go what no journey met for long.
import type { Journey } from '../model/journey.ts';
import { isBounded } from '../stats/quantile.ts';
import { addWindow, EMPTY, emptyCounts, quantileOf, type WindowSketch, withSamples } from '../stats/window-sketch.ts';
import { labelPairs, line } from './exposition.ts';
import { BucketEnds } from './histogram.ts';
import { hopLabels } from './journey-samples.ts';
import { labelValues } from './labels.ts';
import { BUCKETS } from './prometheus.ts';

/** Series of one family and target. */
const MOST_SERIES = 1000;
/** What no journey of so many has added to is let go: an address that is gone. */
const IDLE_RUNS = 20;
/** The percentiles of a window, each where its samples can bound it. */
const PERCENTILES = [50, 90, 95, 99] as const;
const ends = new BucketEnds(BUCKETS);
const WIDTH = BUCKETS.length + 1;

interface Counters {
  /** By labels: the place of the sum. */
  readonly places: Map<string, number>;
  sums: number[];
  /** Number of the journey that added to it last. */
  runs: number[];
}

export class Totals {
  #run = 0;
  readonly #counters = new Map<string, Counters>();
  /** Of each hop, by its labels: its row below. */
  readonly #rows = new Map<string, number>();
  /** Counts by bucket, row by row. */
  #buckets = new Uint32Array(0);
  #sums: number[] = [];
  #runs: number[] = [];
  #sketches: WindowSketch[] = [];

  /** A journey begins to be added. */
  begin(): void {
    this.#run++;
  }

  /** @param pairs labels beside the target's own @param family a counter */
  count(family: string, pairs: string, by: number): void {
    const counters = this.#counters.get(family) ?? { places: new Map(), sums: [], runs: [] };
    this.#counters.set(family, counters);
    const known = counters.places.get(pairs);
    if (known === undefined && counters.places.size >= MOST_SERIES) return;
    const at = known ?? counters.places.size;
    counters.places.set(pairs, at);
    counters.sums[at] = (counters.sums[at] ?? 0) + by;
    counters.runs[at] = this.#run;
  }

  /** The samples of every hop. @param slice of the window that is now */
  observe(hops: Journey['hops'], slice: number): void {
    for (const hop of hops.slice(0, MOST_SERIES)) {
      const row = this.#rowOf(labelPairs(labelValues(hopLabels(hop))));
      if (row === null) continue;
      const seconds = (hop.latencyMs?.samples ?? []).map((ms) => ms / 1000);
      for (const one of seconds) {
        const at = row * WIDTH + ends.bucketOf(one);
        this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
        this.#sums[row] = (this.#sums[row] ?? 0) + one;
      }
      this.#sketches[row] = withSamples(this.#sketches[row] ?? EMPTY, slice, seconds);
      this.#runs[row] = this.#run;
    }
  }

  /** A journey has been added: what none has added to for long goes. */
  end(): void {
    for (const counters of this.#counters.values()) {
      if (!counters.runs.some((run) => this.#run - run >= IDLE_RUNS)) continue;
      const kept = [...counters.places].filter(([, at]) => this.#run - (counters.runs[at] ?? 0) < IDLE_RUNS);
      [counters.sums, counters.runs] = [counters.sums, counters.runs].map((list) =>
        kept.map(([, at]) => list[at] ?? 0),
      ) as [number[], number[]];
      counters.places.clear();
      for (const [at, [pairs]] of kept.entries()) counters.places.set(pairs, at);
    }
    if (this.#runs.some((run) => this.#run - run >= IDLE_RUNS)) this.#dropRows();
  }

  countersText(family: string, common: string): string {
    const counters = this.#counters.get(family);
    if (counters === undefined) return '';
    let text = '';
    for (const [pairs, at] of counters.places) text += line(family, `${common},${pairs}`, counters.sums[at] ?? 0);
    return text;
  }

  histogramText(family: string, common: string): string {
    let text = '';
    for (const [pairs, row] of this.#rows) {
      const counts = this.#buckets.subarray(row * WIDTH, (row + 1) * WIDTH);
      text += ends.lines(family, `${common},${pairs}`, counts, this.#sums[row] ?? 0);
    }
    return text;
  }

  /** @param slice of the window that is now */
  windowText(family: string, common: string, slice: number): string {
    let text = '';
    for (const [pairs, row] of this.#rows)
      text += windowLines(family, `${common},${pairs}`, this.#sketches[row] ?? EMPTY, slice);
    return text;
  }

  /** Null: there is room for no more. */
  #rowOf(pairs: string): number | null {
    const known = this.#rows.get(pairs);
    if (known !== undefined) return known;
    if (this.#rows.size >= MOST_SERIES) return null;
    const row = this.#rows.size;
    this.#rows.set(pairs, row);
    const buckets = new Uint32Array((row + 1) * WIDTH);
    buckets.set(this.#buckets);
    this.#buckets = buckets;
    this.#sums.push(0);
    this.#runs.push(0);
    this.#sketches.push(EMPTY);
    return row;
  }

  #dropRows(): void {
    const kept = [...this.#rows].filter(([, row]) => this.#run - (this.#runs[row] ?? 0) < IDLE_RUNS);
    const buckets = new Uint32Array(kept.length * WIDTH);
    for (const [at, [, row]] of kept.entries())
      buckets.set(this.#buckets.subarray(row * WIDTH, (row + 1) * WIDTH), at * WIDTH);
    this.#buckets = buckets;
    this.#sums = kept.map(([, row]) => this.#sums[row] ?? 0);
    this.#runs = kept.map(([, row]) => this.#runs[row] ?? 0);
    this.#sketches = kept.map(([, row]) => this.#sketches[row] ?? EMPTY);
    this.#rows.clear();
    for (const [at, [pairs]] of kept.entries()) this.#rows.set(pairs, at);
  }
}

/** Counts of one window, used again for each: rendering takes thousands of them. */
const scratch = emptyCounts();

/** A line for each percentile that the samples of the window can bound. */
export function windowLines(family: string, pairs: string, sketch: WindowSketch, slice: number): string {
  scratch.fill(0);
  const all = addWindow(sketch, slice, scratch);
  let text = '';
  for (const percentile of PERCENTILES) {
    if (!isBounded(all, percentile / 100)) continue;
    const seconds = Number(quantileOf(scratch, all, percentile / 100).toPrecision(4));
    text += line(family, `${pairs},percentile="${percentile}"`, seconds);
  }
  return text;
}
