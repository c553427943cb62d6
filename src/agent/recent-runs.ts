// Owns the last runs of a target for a small drawing: verdict and duration of each, a few bytes.
import { type Verdict, verdicts } from '../model/journey.ts';

const MOST = 60;

export class RecentRuns {
  /** In turns; NaN: nothing came through. */
  readonly #ms = new Float32Array(MOST);
  readonly #verdicts = new Uint8Array(MOST);
  #count = 0;

  /** @param ms null where nothing came through */
  add(verdict: Verdict, ms: number | null): void {
    const at = this.#count % MOST;
    this.#ms[at] = ms ?? Number.NaN;
    this.#verdicts[at] = verdicts.indexOf(verdict);
    this.#count++;
  }

  /** The oldest first. */
  points(): readonly { readonly verdict: Verdict; readonly slowestMs: number | null }[] {
    const first = Math.max(0, this.#count - MOST);
    return Array.from({ length: Math.min(this.#count, MOST) }, (_, at) => this.#point(first + at));
  }

  /** Of the last run; null before the first. */
  verdict(): Verdict | null {
    return this.#count === 0 ? null : this.#point(this.#count - 1).verdict;
  }

  #point(at: number): { readonly verdict: Verdict; readonly slowestMs: number | null } {
    const ms = this.#ms[at % MOST] ?? Number.NaN;
    return { verdict: verdicts[this.#verdicts[at % MOST] ?? 0] ?? 'unknown', slowestMs: Number.isNaN(ms) ? null : ms };
  }
}
