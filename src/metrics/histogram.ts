// Owns a histogram that only grows: counts by bucket, their sum, and their lines.
import { labelPairs, line, numberText } from './exposition.ts';

export class GrowingHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  /** `le="0.5"} ` of each bucket. */
  readonly #ends: readonly string[];
  #sum = 0;

  /** @param bounds upper ones, rising, without infinity */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
    this.#ends = endsOf(bounds);
  }

  observe(value: number): void {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? this.#bounds.length : at;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  lines(name: string, pairs: string): string {
    const before = `${name}_bucket{${pairs === '' ? '' : `${pairs},`}`;
    let count = 0;
    let text = '';
    for (let at = 0; at < this.#counts.length; at++) {
      count += this.#counts[at] ?? 0;
      text += `${before}${this.#ends[at] ?? ''}${count}\n`;
    }
    return `${text}${line(`${name}_sum`, pairs, this.#sum)}${line(`${name}_count`, pairs, count)}`;
  }
}

const known = new WeakMap<readonly number[], readonly string[]>();

/** Shared by all that have these bounds. */
function endsOf(bounds: readonly number[]): readonly string[] {
  const ends = known.get(bounds) ?? [...bounds, Infinity].map((bound) => `${labelPairs({ le: numberText(bound) })}} `);
  known.set(bounds, ends);
  return ends;
}
