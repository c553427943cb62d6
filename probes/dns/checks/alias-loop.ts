// Owns the check that the alias chain ends.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const aliasLoop: Check<DnsFacts, DnsPolicy> = {
  id: 'alias-loop',
  needs: ['dns'],
  severity: 'critical',
  title: 'The alias chain has no end',
  soWhat: 'Resolvers give up on it, so that clients get no address.',
  nowWhat: [{ kind: 'change', text: ['Point one of the CNAME records at a name that has addresses.'] }],
  sources: ['RFC 1034 3.6.2'],
  judge({ dns }) {
    if (dns.lookup.problem?.code === 'dns-alias-loop') {
      const what = [dns.name, ' is an alias that loops or has more than 11 links (', dns.aliases.length, ' followed).'];
      const nowWhat = [digResolver(dns, dns.name, 'CNAME'), ...aliasLoop.nowWhat];
      return { outcome: 'found', seen: [{ what, nowWhat, evidence: [pointer('evidence', 'dns', 'aliases')] }] };
    }
    if (dns.aliases.length > 0) return { outcome: 'pass' };
    const code = dns.lookup.problem?.code ?? null;
    if (code === null || code === 'nxdomain' || code === 'nodata')
      return { outcome: 'not-applicable', because: 'the name is no alias' };
    return { outcome: 'not-judged', because: 'the lookup did not get as far as an alias' };
  },
};
