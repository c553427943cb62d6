// Owns the list of the steps checks, and what the steps came to in a sentence.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import { assertionFailed } from './checks/assertion-failed.ts';
import { redirectToPlaintext } from './checks/redirect-to-plaintext.ts';
import { stepFailed } from './checks/step-failed.ts';
import { ended } from './derive.ts';
import type { StepsEvidence } from './evidence.ts';
import type { StepsPolicy } from './options.ts';

function answer(evidence: StepsEvidence | null): Reply {
  if (evidence === null) return { summary: ['No steps were gone through.'], confidence: 'not-visible', facts: {} };
  const { steps, completed } = evidence;
  const passed = steps.filter((step) => ended(step, 'passed').length === step.rounds.length).length;
  const summary = [`${passed} of ${steps.length} steps passed in ${completed} rounds.`];
  return { summary, confidence: 'observed', facts: { passed, steps: steps.length, rounds: completed } };
}

export const judgement: Judgement<StepsEvidence, StepsPolicy> = {
  checks: [stepFailed, assertionFailed, redirectToPlaintext],
  answer,
};
