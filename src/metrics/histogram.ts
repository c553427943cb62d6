// Owns a histogram that only grows: counts by bucket, their sum, and their lines.
import { labelPairs, line, numberText } from './exposition.ts';

export class GrowingHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds upper ones, rising, without infinity */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? this.#bounds.length : at;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  lines(name: string, pairs: string): string {
    const before = pairs === '' ? '' : `${pairs},`;
    let count = 0;
    let text = '';
    for (const [at, own] of this.#counts.entries()) {
      count += own;
      text += line(`${name}_bucket`, before + labelPairs({ le: numberText(this.#bounds[at] ?? Infinity) }), count);
    }
    return `${text}${line(`${name}_sum`, pairs, this.#sum)}${line(`${name}_count`, pairs, count)}`;
  }
}
