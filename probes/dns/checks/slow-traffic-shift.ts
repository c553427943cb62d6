// Owns the check that traffic can be moved to another address soon enough.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const slowTrafficShift: Check<DnsFacts, DnsPolicy> = {
  id: 'slow-traffic-shift',
  needs: ['dns'],
  severity: 'warning',
  title: 'A record change takes long to be seen',
  soWhat: 'In an outage clients keep coming to the old address for this long after the record was changed.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Lower the TTL of that record now; it helps only once the old TTL has passed, so do it before it is needed.',
      ],
    },
  ],
  sources: ['RFC 1034 4.3.4', 'RFC 2181 5.2'],
  judge({ dns }, { policy }) {
    const { shift } = dns;
    if (shift === null) return { outcome: 'not-judged', because: 'no record was seen whose TTL could be read' };
    if (shift.worstSeconds > policy.shiftWarnSeconds) {
      const atLeast = shift.basis === 'resolver' ? 'at least ' : '';
      const limit = ` (allowed: ${policy.shiftWarnSeconds} s)`;
      const what = [
        'A change is seen by everybody after ',
        `${atLeast}${shift.worstSeconds} s${limit}`,
        ': the TTL of ',
        shift.limitedBy,
        '.',
      ];
      return { outcome: 'found', seen: [{ what, evidence: [pointer('evidence', 'dns', 'shift')] }] };
    }
    if (shift.basis === 'authority') return { outcome: 'pass' };
    return { outcome: 'not-judged', because: 'only the time left in a resolver’s cache is known, not the whole TTL' };
  },
};
