// Owns the check for a rate limit that is nearly used up.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const rateLimitLow: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'rate-limit-low',
  needs: ['access'],
  severity: 'notice',
  title: 'Rate limit nearly used up',
  soWhat: 'The next requests of this caller are about to be turned away with 429.',
  nowWhat: [{ kind: 'change', text: ['Ride slower or less often, or raise the limit.'] }],
  sources: ['draft-ietf-httpapi-ratelimit-headers'],
  judge({ access }, { policy }) {
    const { limit = null, remaining = null, resetSeconds = null, endpoint } = access.rateLimit ?? {};
    if (limit === null || remaining === null || limit === 0 || endpoint === undefined) {
      return { outcome: 'not-applicable', because: 'no rate limit with a remainder is announced' };
    }
    if (remaining / limit >= policy.remainingShare) return { outcome: 'pass' };
    const reset = resetSeconds === null ? '' : `, until it is renewed in ${resetSeconds} s`;
    const what = [`${remaining} of ${limit} requests were left${reset}.`];
    return foundOrPass([{ what, endpoint, evidence: [pointer('evidence', 'access', 'rateLimit')] }]);
  },
};
