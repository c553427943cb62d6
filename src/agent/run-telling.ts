// Owns how the log tells of the runs of targets, journeys or probes by a module: what is news of them, once, and at a pace. Keeps no verdict itself.
import type { Verdict } from '../model/journey.ts';
import { UsageError } from '../model/usage-error.ts';
import type { AgentLog, Tell, Told } from './log/agent-log.ts';
import { paced } from './log/paced.ts';

/** Changes of verdicts that are told in a minute; all of them are on the status page and in the metrics. */
const MOST_CHANGES = 200;

export interface RunWords {
  /** Of a fault that is ours. */
  readonly ended: string;
  /** Of a target that cannot be run as it is configured. */
  readonly notRun: string;
}

/** Words of what ended a run otherwise than by its target, and whether this program is to blame. */
export interface Fault {
  readonly words: string;
  readonly isOurs: boolean;
}

export function faultOf(error: unknown): Fault {
  return {
    words: error instanceof Error ? error.message : 'unknown error',
    isOurs: !(error instanceof UsageError),
  };
}

/** Each kind at a pace of its own: an outage of ten thousand targets must not hide a fault. */
export class RunTelling {
  readonly #words: RunWords;
  readonly #missed: Tell;
  readonly #faults: Tell;
  readonly #notRun: Tell;
  readonly #flaps: Tell;
  readonly #worse: Tell;
  readonly #recovered: Tell;

  constructor(log: Pick<AgentLog, 'info' | 'warn' | 'error'>, words: RunWords) {
    this.#words = words;
    [this.#missed, this.#notRun, this.#flaps] = [paced(log.warn), paced(log.warn), paced(log.warn)];
    this.#faults = paced(log.error);
    [this.#worse, this.#recovered] = [paced(log.warn, MOST_CHANGES), paced(log.info, MOST_CHANGES)];
  }

  missed(whom: Told, reason: string, turns: number): void {
    this.#missed('turns missed', { ...whom, reason, turns });
  }

  /** What a repetition did not confirm is no change, and yet news. */
  flap(attributes: Told): void {
    this.#flaps('failure not confirmed', attributes);
  }

  /** Of a target that never ran only what is wrong is news. @param before of the last run; null: it is the first */
  verdict(whom: Told, before: Verdict | null, verdict: Verdict, why: () => Told): void {
    if ((before ?? 'ok') === verdict) return;
    const tell = verdict === 'ok' ? this.#recovered : this.#worse;
    tell('verdict changed', { ...whom, from: before ?? 'none', to: verdict, ...why() });
  }

  /** Once, not at every turn. @param before words of what ended the last run; null when nothing did */
  fault(whom: Told, before: string | null, { words, isOurs }: Fault): void {
    if (before === words) return;
    if (isOurs) this.#faults(this.#words.ended, { ...whom, err: words });
    else this.#notRun(this.#words.notRun, { ...whom, err: words });
  }
}
