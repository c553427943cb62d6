// Owns the check that a new or re-created name is seen soon.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const slowNegative: Check<DnsFacts, DnsPolicy> = {
  id: 'slow-negative',
  needs: ['dns'],
  severity: 'notice',
  title: '"Does not exist" is remembered for long',
  soWhat:
    'A record that was deleted by mistake, or asked for before it was made, stays missing for this long after it is there.',
  nowWhat: [{ kind: 'change', text: ['Lower the last number of the SOA record (minimum) to 300 s or less.'] }],
  sources: ['RFC 2308 5'],
  judge({ dns }, { policy }) {
    const { negativeTtlSeconds: seconds, soa } = dns;
    if (seconds === null || soa === null)
      return { outcome: 'not-judged', because: 'no name server told the SOA record' };
    if (seconds <= policy.negativeNoticeSeconds) return { outcome: 'pass' };
    const what = [
      'That a name does not exist in ',
      soa.zone,
      ` is remembered for ${seconds} s (allowed: ${policy.negativeNoticeSeconds} s).`,
    ];
    return { outcome: 'found', seen: [{ what, evidence: [pointer('evidence', 'dns', 'soa')] }] };
  },
};
