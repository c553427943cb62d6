// Owns the check for a request that nobody serves: every answer says that the request itself is wrong.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

/** 401 asks for credentials and 429 for patience: both have checks of their own. */
function isRefusal([status]: readonly [string, number]): boolean {
  return /^4\d\d$/.test(status) && status !== '401' && status !== '429';
}

export const clientErrors: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'client-errors',
  needs: ['access'],
  severity: 'notice',
  title: 'Every request refused',
  soWhat: 'What was measured is how fast the service refuses; whether it does its work is not known.',
  nowWhat: [{ kind: 'change', text: ['Ride what callers ask for: a path in the target, -X, -H.'] }],
  sources: ['RFC 9110 15.5'],
  judge({ access }) {
    const statuses = Object.entries(access.anonymousStatus);
    if (statuses.length === 0) return { outcome: 'not-judged', because: 'no request was answered' };
    if (!statuses.every(isRefusal)) return { outcome: 'pass' };
    const said = statuses.map(([status, n]) => `${status} (${n})`).join(', ');
    const what = [`Every request was refused as sent: ${said}.`];
    return { outcome: 'found', seen: [{ what, evidence: [pointer('evidence', 'access', 'anonymousStatus')] }] };
  },
};
