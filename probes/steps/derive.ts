// Owns facts about steps that several readers share. Pure.
import { summarize } from '../../src/stats/latency.ts';
import type { StepRecord, StepRound } from './evidence.ts';

/** Rounds in which the step was gone through. */
export function ridden({ rounds }: StepRecord): readonly StepRound[] {
  return rounds.filter(({ outcome }) => outcome !== 'skipped');
}

/** Rounds that ended as one of these. */
export function ended({ rounds }: StepRecord, ...outcomes: readonly StepRound['outcome'][]): readonly StepRound[] {
  return rounds.filter(({ outcome }) => outcomes.includes(outcome));
}

/** Of the rounds that were answered; null when none was. */
export function latencyOf(step: StepRecord): ReturnType<typeof summarize> | null {
  const samples = ended(step, 'passed', 'unmet').map(({ durationMs }) => durationMs);
  return samples.length === 0 ? null : summarize(samples);
}

/** The last round is what holds now: what failed before it and passes again has recovered. */
export function hasRecovered(step: StepRecord): boolean {
  return step.rounds.length > 1 && step.rounds.at(-1)?.outcome === 'passed';
}
