// Owns the check for steps that got no answer to go on with.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { ended, hasRecovered, ridden } from '../derive.ts';
import type { StepsEvidence } from '../evidence.ts';
import type { StepsPolicy } from '../options.ts';

export const stepFailed: Check<{ steps: StepsEvidence }, StepsPolicy> = {
  id: 'step-failed',
  needs: ['steps'],
  severity: 'critical',
  title: 'A step failed',
  soWhat: 'Whoever does what this journey does stops there: what comes behind the step cannot be done.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Look at the exchanges of the step in the report (-v): which request of it failed, and in which phase.'],
    },
  ],
  sources: ['RFC 9110 15.5', 'RFC 9110 15.6'],
  judge({ steps: { steps, completed } }) {
    const seen = steps.flatMap((step, at): readonly Seen[] => {
      const failed = ended(step, 'failed');
      const [first] = failed;
      if (first === undefined) return [];
      const times = step.rounds.length === 1 ? '' : ` in ${failed.length} of ${ridden(step).length} rounds`;
      const again = hasRecovered(step) ? '; it passed again in the last' : '';
      const why: Phrase = first.because === null ? [] : [': ', first.because];
      const what: Phrase = [`Step "${step.name}" failed${times}`, ...why, `${again}.`];
      const severity = hasRecovered(step) ? ('warning' as const) : ('critical' as const);
      return [{ what, severity, evidence: [pointer('evidence', 'steps', 'steps', at)] }];
    });
    if (seen.length === 0 && completed === 0)
      return { outcome: 'not-judged', because: 'no round of the steps came to its end' };
    return foundOrPass(seen);
  },
};
