// Owns the check that an authority does not resolve other people's names for strangers.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { dig } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import { isRouted } from '../hosting.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED } from '../safety-words.ts';

export const openRecursion: Check<DnsFacts, DnsPolicy> = {
  id: 'open-recursion',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server of the zone resolves other names, too',
  soWhat:
    'It can be used to flood others, its cache can be poisoned, and the load of strangers takes the zone down with it.',
  nowWhat: [{ kind: 'change', text: ['Turn recursion off on the authority, or allow it to your own clients only.'] }],
  sources: ['RFC 5358 4', 'RFC 2182 3', 'Zonemaster NAMESERVER01'],
  judge({ dns }) {
    const offered = dns.safety?.recursion;
    if (offered === undefined) return NOT_LOOKED;
    const seen = offered.flatMap(({ server, address, asked, recurses }, index) => {
      if (recurses !== true) return [];
      // Inside a site a machine may be meant to be both.
      const inside = isRouted(address) ? {} : { severity: 'notice' as const };
      return {
        what: ['Name server ', server, ` (${address}) asked others for ${asked}, which is not its own, and answered.`],
        ...inside,
        nowWhat: [dig(address, dns.authorityPort, '+recurse', asked, 'SOA'), ...openRecursion.nowWhat],
        evidence: [pointer('evidence', 'dns', 'safety', 'recursion', index)] as const,
      };
    });
    if (seen.length === 0 && offered.some(({ recurses }) => recurses === null)) {
      return { outcome: 'not-judged', because: 'a server says that it recurses, and did not say whether it does' };
    }
    return foundOrPass(seen);
  },
};
