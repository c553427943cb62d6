// Owns the check for 401 answers that do not say how to authenticate.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const challengeMissing: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'challenge-missing',
  needs: ['access'],
  severity: 'notice',
  title: '401 without a challenge',
  soWhat: 'A client cannot tell which credentials are wanted; the standard requires a challenge.',
  nowWhat: [{ kind: 'change', text: ['Send WWW-Authenticate with every 401.'] }],
  sources: ['RFC 9110 15.5.2'],
  judge({ access }) {
    const refused = access.anonymousStatus['401'] ?? 0;
    if (refused === 0) return { outcome: 'not-applicable', because: 'no answer was 401' };
    const seen = access.byEndpoint.flatMap(({ endpoint, unchallenged }, index): readonly Seen[] => {
      const what = [`${unchallenged} answers were 401 without WWW-Authenticate.`];
      return unchallenged === 0
        ? []
        : [{ what, endpoint, evidence: [pointer('evidence', 'access', 'byEndpoint', index)] }];
    });
    return foundOrPass(seen);
  },
};
