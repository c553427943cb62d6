// Owns the check for refusals that do not say when to come back.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';
import { refusals } from '../refusals.ts';

export const retryAfterMissing: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'retry-after-missing',
  needs: ['access'],
  severity: 'notice',
  title: 'Throttled without a word when to come back',
  soWhat: 'Callers that are turned away come back at once, or all at the same moment, and are turned away again.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Send Retry-After with every 429 (nginx: limit_req_status 429 and add_header ... always).'],
    },
  ],
  sources: ['RFC 6585 4', 'RFC 9110 10.2.3'],
  judge({ access }) {
    const { throttled, throttledRetryAfterSeconds } = access;
    const found = refusals(access);
    if (throttled === 0 && found.length === 0) return { outcome: 'not-applicable', because: 'nobody was turned away' };
    const ofRide: readonly Seen[] =
      throttled === 0 || throttledRetryAfterSeconds !== null
        ? []
        : [
            {
              what: [`${throttled} answers were 429 without Retry-After.`],
              evidence: [pointer('evidence', 'access', 'throttled')],
            },
          ];
    const ofSearch = found.flatMap(({ refusal, endpoint, at }): readonly Seen[] => {
      const isSilent = refusal.retryAfterSeconds === null && refusal.announced === null;
      const what = [`The refusal that ended the search was ${refusal.status} without Retry-After.`];
      return isSilent ? [{ what, endpoint, evidence: [at] }] : [];
    });
    return foundOrPass([...ofRide, ...ofSearch]);
  },
};
