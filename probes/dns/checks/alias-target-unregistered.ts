// Owns the check that nobody can become the target of the alias by registering its domain.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED, unregisteredDomain } from '../safety-words.ts';

export const aliasTargetUnregistered: Check<DnsFacts, DnsPolicy> = {
  id: 'alias-target-unregistered',
  needs: ['dns'],
  severity: 'critical',
  title: 'The alias leads into a domain that nobody has',
  soWhat:
    'Clients get no address, and whoever registers that domain gets this name’s traffic and can have certificates for it.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Take the CNAME record out at once, or register the domain before somebody else does (it may be in a grace period).',
      ],
    },
  ],
  sources: ['RFC 8020', 'RFC 9499 (public suffix)', 'https://publicsuffix.org'],
  judge({ dns }) {
    const { problem } = dns.lookup;
    const { safety } = dns;
    const last = dns.aliases.at(-1);
    if (last === undefined) return { outcome: 'not-applicable', because: 'the name is no alias' };
    if (problem?.code !== 'nxdomain')
      return { outcome: 'not-applicable', because: 'nobody says that the target is missing' };
    if (safety?.missing === undefined) return NOT_LOOKED;
    const { missing } = safety;
    if (missing.domain === null) {
      return { outcome: 'not-applicable', because: 'the target is below no suffix at which anybody can register' };
    }
    if (missing.registration === 'not-told') {
      return { outcome: 'not-judged', because: `no resolver said whether ${missing.domain} exists` };
    }
    const domain = unregisteredDomain(dns);
    if (domain === null) return { outcome: 'pass' };
    const what = [
      last.name,
      ' is an alias of ',
      last.target,
      `, and ${domain} itself does not exist, says resolver ${dns.resolver}: it may be free to register.`,
    ];
    const nowWhat = [...aliasTargetUnregistered.nowWhat, digResolver(dns, domain, 'NS')];
    const evidence = [pointer('evidence', 'dns', 'safety', 'missing')] as const;
    return { outcome: 'found', seen: [{ what, nowWhat, evidence }] };
  },
};
