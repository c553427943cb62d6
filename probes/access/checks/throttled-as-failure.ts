// Owns the check for a limiter whose refusals look like a broken service.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';
import { refusals } from '../refusals.ts';

export const throttledAsFailure: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'throttled-as-failure',
  needs: ['access'],
  severity: 'notice',
  title: 'Throttling says 503',
  soWhat:
    'Clients and balancers take 503 for a host that is broken: they try again elsewhere at once, or take it out of rotation.',
  nowWhat: [{ kind: 'change', text: ['Answer 429 (nginx: limit_req_status 429; limit_conn_status 429).'] }],
  sources: [
    'RFC 6585 4',
    'RFC 9110 15.6.4',
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_status',
  ],
  judge({ access }) {
    const found = refusals(access);
    if (found.length === 0) return { outcome: 'not-applicable', because: 'no limit was looked for and found' };
    const seen = found.flatMap(({ refusal, endpoint, at }): readonly Seen[] =>
      refusal.status === 503
        ? [{ what: ['The refusal that ended the search was 503, not 429.'], endpoint, evidence: [at] }]
        : [],
    );
    return foundOrPass(seen);
  },
};
