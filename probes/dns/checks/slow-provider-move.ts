// Owns the check that the zone can be moved to other name servers within days.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { leafCut, nsLife } from '../cut.ts';
import { leafZone } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const slowProviderMove: Check<DnsFacts, DnsPolicy> = {
  id: 'slow-provider-move',
  needs: ['dns'],
  severity: 'notice',
  title: 'A move to other name servers takes days to be seen',
  soWhat: 'When the DNS provider is down, resolvers keep asking it for this long after its name servers were replaced.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Lower the TTL of the NS records where you can; keep the old name servers running for as long.'],
    },
  ],
  sources: ['RFC 1034 4.2.2', 'RFC 2181 5.4.1'],
  judge({ dns }, { policy }) {
    const leaf = leafZone(dns);
    const life = nsLife(leaf);
    const limit = policy.providerMoveNoticeSeconds;
    if (leaf === undefined || life === null || life.seconds <= limit) {
      const cut = leafCut(dns);
      // Above a leaf whose own servers serve its parent, too, there is no longer-lived list.
      const whole = life !== null && (!('outcome' in cut) || cut.outcome === 'not-applicable');
      return whole
        ? { outcome: 'pass' }
        : { outcome: 'not-judged', because: 'the TTL of the NS records at the parent is not known' };
    }
    const where = life.parent
      ? `at ${leaf.parent?.zone === '.' ? 'the root' : leaf.parent?.zone}`
      : 'in the zone itself';
    const what = `Other name servers for ${leaf.zone} are seen by everybody after ${life.seconds} s: the TTL of its NS records ${where} (noted above ${limit} s).`;
    const at = pointer('evidence', 'dns', 'delegation', dns.delegation.length - 1);
    return foundOrPass([{ what: [what], evidence: [at] }]);
  },
};
