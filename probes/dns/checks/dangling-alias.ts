// Owns the check that an alias leads to a name that exists.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver, isDeniedByZone } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { claimableAt, unregisteredDomain } from '../safety-words.ts';

export const danglingAlias: Check<DnsFacts, DnsPolicy> = {
  id: 'dangling-alias',
  needs: ['dns'],
  severity: 'critical',
  title: 'The alias leads to a name that does not exist',
  soWhat:
    'Clients get no address, and whoever can claim the missing name at its provider gets this name’s traffic and certificates.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Take the CNAME record out, or point it at what serves the name now; do this before anything else.'],
    },
  ],
  sources: ['RFC 1034 3.6.2', 'RFC 8020', 'github.com/EdOverflow/can-i-take-over-xyz'],
  judge({ dns }) {
    const { problem } = dns.lookup;
    const last = dns.aliases.at(-1);
    if (last === undefined) {
      const told = problem === null || problem.code === 'nxdomain' || problem.code === 'nodata';
      if (told) return { outcome: 'not-applicable', because: 'the name is no alias' };
      return { outcome: 'not-judged', because: 'the lookup did not get as far as an alias' };
    }
    const denied = isDeniedByZone(dns);
    // A loop and a target without address exist; other checks tell these.
    if (problem === null || (problem.code === 'nodata' && !denied) || problem.code === 'dns-alias-loop')
      return { outcome: 'pass' };
    if (problem.code !== 'nxdomain' && !denied)
      return { outcome: 'not-judged', because: 'no resolver said whether the target exists' };
    const domain = unregisteredDomain(dns);
    if (domain !== null) {
      return { outcome: 'not-applicable', because: `alias-target-unregistered tells more: ${domain} does not exist` };
    }
    const provider = claimableAt(last.target);
    const claim = provider === null ? [] : [` Names there are free for any customer of ${provider} to claim.`];
    return {
      outcome: 'found',
      seen: [
        {
          what: [
            last.name,
            ' is an alias of ',
            last.target,
            ', which does not exist, ',
            ...(denied ? ['say its name servers.'] : ['says resolver ', dns.resolver, '.']),
            ...claim,
          ],
          nowWhat: [digResolver(dns, last.target, 'A'), ...danglingAlias.nowWhat],
          evidence: [
            pointer('evidence', 'dns', 'aliases', dns.aliases.length - 1),
            pointer('evidence', 'dns', 'lookup', 'problem'),
          ],
        },
      ],
    };
  },
};
