// Owns the check that those who validate can believe the answers.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver } from '../derive.ts';
import { linkWords, notLooked, reasonWords } from '../dnssec-words.ts';
import type { DnsFacts } from '../evidence.ts';
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
    return {
      outcome: 'found',
      seen: [
        {
          what: [dns.name, ' does not validate: at ', ...linkWords(detail), `, ${says}${when}.`],
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
