// Owns the check that the zone can be moved to other name servers within days.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { cutsOf, nsLife } from '../cut.ts';
import { placedZones } from '../derive.ts';
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
    const limit = policy.providerMoveNoticeSeconds;
    const lives = placedZones(dns).map(({ zone, at }) => ({ zone, at, life: nsLife(zone) }));
    const seen = lives.flatMap(({ zone, at, life }) => {
      if (life === null || life.seconds <= limit) return [];
      const where = life.parent
        ? `at ${zone.parent?.zone === '.' ? 'the root' : zone.parent?.zone}`
        : 'in the zone itself';
      const what = `Other name servers for ${zone.zone} are seen by everybody after ${life.seconds} s: the TTL of its NS records ${where} (noted above ${limit} s).`;
      return [{ what: [what], evidence: [at] as const }];
    });
    // Above a zone whose own servers serve its parent, too, there is no longer-lived list.
    const isUnseen = cutsOf(dns).some((cut) => 'outcome' in cut && cut.outcome === 'not-judged');
    if (seen.length === 0 && (isUnseen || lives.some(({ life }) => life === null))) {
      return { outcome: 'not-judged', because: 'the TTL of the NS records at the parent is not known' };
    }
    return foundOrPass(seen);
  },
};
