// Owns the check that the name leads to an address at all.
import type { Check } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { digResolver, isDeniedByZone } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nameDoesNotExist: Check<DnsFacts, DnsPolicy> = {
  id: 'name-does-not-exist',
  needs: ['dns'],
  severity: 'critical',
  title: 'The name leads to no address',
  soWhat: 'No client can reach the service by this name.',
  nowWhat: [{ kind: 'change', text: ['Restore the record at the DNS provider, or correct the name.'] }],
  sources: ['RFC 2308 2', 'RFC 8020'],
  judge({ dns }) {
    const { problem } = dns.lookup;
    if (problem === null) return { outcome: 'pass' };
    if (problem.code !== 'nxdomain' && problem.code !== 'nodata') {
      return { outcome: 'not-judged', because: 'no resolver said whether the name exists' };
    }
    const denied = isDeniedByZone(dns);
    if ((problem.code === 'nxdomain' || denied) && dns.aliases.length > 0) {
      return {
        outcome: 'not-applicable',
        because: 'the name is an alias that is there: dangling-alias tells of its target',
      };
    }
    const end = dns.canonicalName === dns.name ? [] : [' (the end of its alias chain, ', dns.canonicalName, ')'];
    const only = problem.code === 'nodata' && !denied ? onlyFamily(dns) : null;
    const state = problem.code === 'nxdomain' ? ' does not exist' : ` exists but has no ${only?.name ?? ''}address`;
    const said: Phrase = denied
      ? [' does not exist, say its name servers; resolver ', dns.resolver, ' says that it has no address.']
      : [state, ', says resolver ', dns.resolver];
    const asked = only === null ? '' : ` (only ${only.type} was asked for)`;
    const remembered =
      dns.negativeTtlSeconds === null
        ? []
        : [
            {
              kind: 'change' as const,
              text: ['Resolvers remember this for up to ', dns.negativeTtlSeconds, ' s after it is repaired.'],
            },
          ];
    return {
      outcome: 'found',
      seen: [
        {
          what: [dns.name, ...end, ...said, ...(denied ? [] : [`${asked}.`])],
          ...(only === null
            ? {}
            : {
                severity: 'warning',
                soWhat: `No client can reach the service by this name over ${only.name.trim()}.`,
              }),
          nowWhat: [digResolver(dns, dns.name, only?.type ?? 'A'), ...nameDoesNotExist.nowWhat, ...remembered],
          evidence: [pointer('evidence', 'dns', 'lookup', 'problem')],
        },
      ],
    };
  },
};

/** The family that alone was asked for (-4, -6); null when both were. */
function onlyFamily({ lookup }: DnsEvidence): { readonly name: 'IPv4 ' | 'IPv6 '; readonly type: 'A' | 'AAAA' } | null {
  if (lookup.ipv4Problem === null) return { name: 'IPv6 ', type: 'AAAA' };
  return lookup.ipv6Problem === null ? { name: 'IPv4 ', type: 'A' } : null;
}
