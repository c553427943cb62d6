// Owns the metric samples of the steps probe.
import type { MetricSample } from '../../src/contract/probe.ts';
import { ended, latencyOf } from './derive.ts';
import type { StepsEvidence } from './evidence.ts';

/** `journey_steps_success`, `journey_steps_duration_seconds`: by step, whose names a person gave. */
export function metrics({ steps }: StepsEvidence): readonly MetricSample[] {
  return steps.flatMap((step): readonly MetricSample[] => {
    const labels = { step: step.name };
    const isSuccess = step.rounds.length > 0 && ended(step, 'passed').length === step.rounds.length;
    const latency = latencyOf(step);
    return [
      { family: 'journey_steps_success', labels, value: isSuccess ? 1 : 0 },
      ...(latency === null ? [] : [{ family: 'journey_steps_duration_seconds', labels, value: latency.p50 / 1000 }]),
    ];
  });
}
