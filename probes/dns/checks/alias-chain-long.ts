// Owns the check that the alias chain is short enough for every resolver to follow.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

/** Resolvers give up after 11 restarts (BIND and unbound, max-query-restarts); some older ones after 8. */
const LONG = 8;

export const aliasChainLong: Check<DnsFacts, DnsPolicy> = {
  id: 'alias-chain-long',
  needs: ['dns'],
  severity: 'notice',
  title: 'The alias chain is long',
  soWhat:
    'Each link in another zone costs a cold resolver a round trip or more, and resolvers give up on a chain of about 11.',
  nowWhat: [{ kind: 'change', text: ['Point the first alias closer to the end of the chain.'] }],
  sources: ['RFC 1034 3.6.2', 'BIND max-query-restarts', 'unbound max-query-restarts'],
  judge({ dns }) {
    const { length } = dns.aliases;
    if (length === 0) return { outcome: 'not-applicable', because: 'the name is no alias' };
    if (dns.lookup.problem?.code === 'dns-alias-loop')
      return { outcome: 'not-applicable', because: 'the chain has no end' };
    if (length <= LONG) return { outcome: 'pass' };
    const what = [`${dns.name} is ${length} aliases away from ${dns.canonicalName}.`];
    const nowWhat = [digResolver(dns, dns.name, 'A'), ...aliasChainLong.nowWhat];
    return { outcome: 'found', seen: [{ what, nowWhat, evidence: [pointer('evidence', 'dns', 'aliases')] }] };
  },
};
