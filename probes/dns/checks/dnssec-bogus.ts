// Owns the check that those who validate can believe the answers.
import type { Check } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { digResolver, leafZone } from '../derive.ts';
import { linkWords, notLooked, reasonWords } from '../dnssec-words.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnssecDetail } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';

export const dnssecBogus: Check<DnsFacts, DnsPolicy> = {
  id: 'dnssec-bogus',
  needs: ['dns'],
  severity: 'critical',
  title: 'Signatures of the name do not hold',
  soWhat: 'Resolvers that validate answer SERVFAIL, so that their clients get no address; others notice nothing.',
  nowWhat: [{ kind: 'change', text: [reasonWords('signature-wrong').remedy] }],
  sources: ['RFC 4033 5', 'RFC 4035 5', 'RFC 6840'],
  judge({ dns }) {
    const nothing = notLooked(dns);
    const detail = dns.dnssecDetail;
    if (nothing !== null || detail === undefined) {
      return { outcome: 'not-applicable', because: nothing ?? 'signatures were not looked at' };
    }
    if (dns.dnssec === 'secure') return { outcome: 'pass' };
    const { reason, link, expiredAt } = detail;
    if (dns.dnssec !== 'bogus' || reason === null) {
      return { outcome: 'not-applicable', because: reason === null ? 'it is not signed' : reasonWords(reason).says };
    }
    const { says, remedy } = reasonWords(reason);
    const when = expiredAt === null ? '' : ` (${expiredAt})`;
    const { good, all } = goodServers(dns, detail);
    return {
      outcome: 'found',
      seen: [
        {
          what: [
            dns.name,
            ' does not validate',
            ...asked(dns, good, all),
            ': at ',
            ...linkWords(detail),
            `, ${says}${when}.`,
          ],
          ...(good > 0 ? PARTLY : {}),
          nowWhat: [
            digResolver(dns, '+dnssec', '+cd', link?.name ?? dns.name, link?.type ?? 'A'),
            { kind: 'change', text: [remedy] },
          ],
          evidence: [pointer('evidence', 'dns', 'dnssecDetail')],
        },
      ],
    };
  },
};

const PARTLY = {
  severity: 'warning',
  soWhat: 'Resolvers that validate ask another server, or answer SERVFAIL: which servers they meet first decides.',
} as const;

/** Where the fault lies in the name's own zone: how many of its servers give what validates. */
function goodServers(dns: DnsEvidence, { link, servers = [] }: DnssecDetail) {
  const own = link !== null && link.zone === leafZone(dns)?.zone;
  const good = servers.filter(({ sets }) => sets.length > 0 && sets.every(({ fault }) => fault === null));
  return { good: own ? good.length : 0, all: servers.length };
}

function asked({ resolver }: DnsEvidence, good: number, all: number): Phrase {
  return good === 0
    ? []
    : [' as resolver ', resolver, ` has it, while ${good} of ${all} name servers give what validates`];
}
