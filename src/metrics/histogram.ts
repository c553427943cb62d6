// Owns histograms that only grow: counts by bucket, their sum, and their lines.
import { labelPairs, line, numberText } from './exposition.ts';

/** Upper bounds of buckets, and what is written of them: once for all histograms that have them. */
export class BucketEnds {
  readonly #bounds: readonly number[];
  /** `le="0.5"} ` of each bucket. */
  readonly #ends: readonly string[];

  /** @param bounds rising, without infinity */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#ends = [...bounds, Infinity].map((bound) => `${labelPairs({ le: numberText(bound) })}} `);
  }

  bucketOf(value: number): number {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    return at === -1 ? this.#bounds.length : at;
  }

  /** @param counts of each bucket alone */
  lines(name: string, pairs: string, counts: Uint32Array | Float64Array, sum: number): string {
    const before = `${name}_bucket{${pairs === '' ? '' : `${pairs},`}`;
    let count = 0;
    let text = '';
    for (let at = 0; at < counts.length; at++) {
      count += counts[at] ?? 0;
      text += `${before}${this.#ends[at] ?? ''}${count}\n`;
    }
    return `${text}${line(`${name}_sum`, pairs, sum)}${line(`${name}_count`, pairs, count)}`;
  }
}

export class GrowingHistogram {
  readonly #ends: BucketEnds;
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds upper ones, rising, without infinity */
  constructor(bounds: readonly number[]) {
    this.#ends = new BucketEnds(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bucket = this.#ends.bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  lines(name: string, pairs: string): string {
    return this.#ends.lines(name, pairs, this.#counts, this.#sum);
  }
}
