// Owns the check for answers that are kept ones past their time: the sign of a source that cannot be reached.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const staleAnswers: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'stale-answers',
  needs: ['access'],
  severity: 'notice',
  title: 'Answers past their time',
  soWhat:
    'A cache on the way gives what it has kept instead of what is true now: often because it cannot reach the service.',
  nowWhat: [{ kind: 'change', text: ['Look whether the host behind the cache answers.'] }],
  sources: ['RFC 5861 4', 'RFC 9111 4.2.4', 'RFC 7234 5.5'],
  judge({ access: { staleness, anonymousStatus } }) {
    if (staleness === undefined) return { outcome: 'not-applicable', because: 'the journey did not look' };
    if (Object.keys(anonymousStatus).length === 0) return { outcome: 'not-judged', because: 'no request was answered' };
    const what = [`${staleness.stale} answers were kept ones past their time.`];
    return foundOrPass(staleness.stale === 0 ? [] : [{ what, evidence: [pointer('evidence', 'access', 'staleness')] }]);
  },
};
