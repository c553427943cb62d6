// Owns the check for assertions that did not hold.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { hasRecovered } from '../derive.ts';
import type { StepRecord, StepsEvidence } from '../evidence.ts';
import type { StepsPolicy } from '../options.ts';

/** More of one step say no more. */
const MOST = 5;

export const assertionFailed: Check<{ steps: StepsEvidence }, StepsPolicy> = {
  id: 'assertion-failed',
  needs: ['steps'],
  severity: 'critical',
  title: 'An assertion did not hold',
  soWhat: 'The service answers, but not what those who wrote the journey say it must.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Find out what changed in the service; if the new answer is right, change the assertion in the journey file.',
      ],
    },
  ],
  sources: ['RFC 9535', 'RFC 9110 8.3'],
  judge({ steps: { steps, completed } }) {
    if (steps.every(({ shown }) => shown.every(({ assertions }) => assertions.length === 0))) {
      const isCut = completed === 0 || steps.some(({ rounds }) => rounds.some(({ outcome }) => outcome === 'failed'));
      return isCut
        ? { outcome: 'not-applicable', because: 'no step with assertions was answered' }
        : { outcome: 'not-applicable', because: 'no assertions are given' };
    }
    return foundOrPass(steps.flatMap(sightsOf));
  },
};

/** One for each assertion, of the first shown round in which it did not hold. */
function sightsOf(step: StepRecord, at: number): readonly Seen[] {
  const told = new Set<string>();
  const seen: Seen[] = [];
  for (const [position, { assertions, round }] of step.shown.entries()) {
    for (const [index, { says, held, saw }] of assertions.entries()) {
      if (held || told.has(says)) continue;
      told.add(says);
      const when = step.rounds.length === 1 ? '' : ` (round ${round + 1} of ${step.rounds.length})`;
      const there: Phrase = saw === null ? [] : ['; it was: ', saw];
      const what: Phrase = [`Step "${step.name}"${when}: it does not hold that ${says}`, ...there, '.'];
      const severity = hasRecovered(step) ? ('warning' as const) : ('critical' as const);
      const path = pointer('evidence', 'steps', 'steps', at, 'shown', position, 'assertions', index);
      seen.push({ what, severity, evidence: [path] });
    }
  }
  return seen.slice(0, MOST);
}
