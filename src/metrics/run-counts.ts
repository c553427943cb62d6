// Owns what is counted of the runs of one target, a journey or a probe by a module: by verdict, turns missed, failures that were not confirmed.
// Numbers, until a scrape has them written: fifty thousand targets have one each.
import { type Verdict, verdicts } from '../model/journey.ts';
import { line } from './exposition.ts';

export class RunCounts {
  /** In the order of `verdicts`. */
  readonly #ended: number[] = verdicts.map(() => 0);
  readonly #missed = new Map<string, number>();
  /** Null where failed runs are not repeated. */
  #flaps: number | null = null;

  ended(verdict: Verdict): void {
    const at = verdicts.indexOf(verdict);
    this.#ended[at] = (this.#ended[at] ?? 0) + 1;
  }

  missed(reason: string, turns: number): void {
    this.#missed.set(reason, (this.#missed.get(reason) ?? 0) + turns);
  }

  /** @param isFlap the first attempt failed, the last did not; null: failed runs are not repeated (any more) */
  confirmed(isFlap: boolean | null): void {
    this.#flaps = isFlap === null ? null : (this.#flaps ?? 0) + (isFlap ? 1 : 0);
  }

  /** Of every verdict. */
  runs(): number {
    return this.#ended.reduce((sum, count) => sum + count, 0);
  }

  /** For every reason. */
  missedTurns(): number {
    return this.#missed.values().reduce((sum, turns) => sum + turns, 0);
  }

  /** @param common labels of every series of the target */
  runsText(common: string): string {
    const one = (verdict: Verdict, at: number): string => {
      const count = this.#ended[at] ?? 0;
      return count === 0 ? '' : line('journey_runs_total', `${common},verdict="${verdict}"`, count);
    };
    return verdicts.map(one).join('');
  }

  missedText(common: string): string {
    let text = '';
    for (const [reason, turns] of this.#missed)
      text += line('journey_runs_missed_total', `${common},reason="${reason}"`, turns);
    return text;
  }

  flapsText(common: string): string {
    return this.#flaps === null ? '' : line('journey_flaps_total', common, this.#flaps);
  }
}
