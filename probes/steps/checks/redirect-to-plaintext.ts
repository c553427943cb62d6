// Owns the check for redirects that leave TLS.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { StepsEvidence } from '../evidence.ts';
import type { StepsPolicy } from '../options.ts';

export const redirectToPlaintext: Check<{ steps: StepsEvidence }, StepsPolicy> = {
  id: 'redirect-to-plaintext',
  needs: ['steps'],
  severity: 'warning',
  title: 'A redirect leaves TLS',
  soWhat: 'Everybody on the way reads and changes what follows; browsers refuse it within a page.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Make the service redirect to https, and tell it that it stands behind TLS (X-Forwarded-Proto).'],
    },
  ],
  sources: ['RFC 9110 15.4', 'RFC 9110 17.2'],
  judge({ steps: { steps } }) {
    if (steps.every(({ shown }) => shown.length === 0))
      return { outcome: 'not-judged', because: 'no step came to its end' };
    const seen = steps.flatMap((step, at): readonly Seen[] => {
      for (const [position, { exchanges }] of step.shown.entries()) {
        const index = exchanges.findIndex(({ redirect }) => redirect?.toPlaintext === true);
        const redirect = exchanges[index]?.redirect;
        if (redirect == null) continue;
        const path = pointer('evidence', 'steps', 'steps', at, 'shown', position, 'exchanges', index);
        return [{ what: [`Step "${step.name}" is redirected to `, redirect.to, '.'], evidence: [path] }];
      }
      return [];
    });
    return foundOrPass(seen);
  },
};
