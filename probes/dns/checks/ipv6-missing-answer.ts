// Owns the check that the question for IPv6 addresses gets an answer, be it that there are none.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { problemCatalogue } from '../../../src/model/problem.ts';
import { digResolver, placedZones, problemWords } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const ipv6MissingAnswer: Check<DnsFacts, DnsPolicy> = {
  id: 'ipv6-missing-answer',
  needs: ['dns'],
  severity: 'warning',
  title: 'The question for IPv6 addresses gets no proper answer',
  soWhat: 'Clients that ask for both families wait for the missing answer, or take the whole name for missing.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Make the name servers answer AAAA with the addresses, or with NOERROR and no data when there are none.'],
    },
  ],
  sources: ['RFC 4074 4', 'RFC 8020', 'RFC 8305 3'],
  judge({ dns }) {
    const { problem, ipv6Problem } = dns.lookup;
    if (problem !== null) {
      if (problem.code === 'nxdomain' || problem.code === 'nodata')
        return { outcome: 'not-applicable', because: 'the name gives no address of either family' };
      return { outcome: 'not-judged', because: 'the lookup failed as a whole' };
    }
    if (!dns.records.some(({ type }) => type === 'A'))
      return { outcome: 'not-applicable', because: 'the name has no IPv4 address' };
    if (ipv6Problem === null) {
      if (isAnswered(dns)) return { outcome: 'pass' };
      return { outcome: 'not-judged', because: 'AAAA was asked of nobody, or nobody answered it' };
    }
    if (problemCatalogue[ipv6Problem.code].fault === 'prober') {
      return {
        outcome: 'not-judged',
        because: `AAAA could not be asked from here: ${problemCatalogue[ipv6Problem.code].says}`,
      };
    }
    return {
      outcome: 'found',
      seen: [
        {
          what: [
            dns.name,
            ' has IPv4 addresses, but the question for IPv6 ones ends in: ',
            ...problemWords(ipv6Problem),
            '.',
          ],
          nowWhat: [digResolver(dns, dns.canonicalName, 'AAAA'), ...ipv6MissingAnswer.nowWhat],
          evidence: [pointer('evidence', 'dns', 'lookup', 'ipv6Problem')],
        },
      ],
    };
  },
};

/** A lookup of one family only (-4) leaves no problem either; the authorities are asked for both in any case. */
function isAnswered(dns: DnsEvidence): boolean {
  if (dns.records.some(({ type }) => type === 'AAAA')) return true;
  return placedZones(dns).some(({ servers }) =>
    servers.some(({ server }) => server.error === null && server.rcode !== null),
  );
}
