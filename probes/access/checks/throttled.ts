// Owns the check for requests that were turned away by a rate limit.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const throttled: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'throttled',
  needs: ['access'],
  severity: 'warning',
  title: 'Requests throttled',
  soWhat: 'Callers at this pace are turned away; what else was measured here is the limiter and not the service.',
  nowWhat: [{ kind: 'change', text: ['Ride slower (--rate), or raise the limit for the prober.'] }],
  sources: ['RFC 6585 4'],
  judge({ access }) {
    if (access.byEndpoint.every(({ answered }) => answered === 0))
      return { outcome: 'not-judged', because: 'no request was answered' };
    const seen = access.byEndpoint.flatMap(({ endpoint, answered, throttled: n }, index): readonly Seen[] => {
      const wait = access.throttledRetryAfterSeconds;
      const hint = wait === null ? '' : ` The longest wait asked for was ${wait} s.`;
      const what = [`${n} of ${answered} requests were throttled (429).${hint}`];
      return n === 0 ? [] : [{ what, endpoint, evidence: [pointer('evidence', 'access', 'byEndpoint', index)] }];
    });
    return foundOrPass(seen);
  },
};
