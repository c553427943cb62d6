// Owns the check that resolvers pass "does not exist" on as it is.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digAt } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED } from '../safety-words.ts';

export const resolverRewritesNxdomain: Check<DnsFacts, DnsPolicy> = {
  id: 'resolver-rewrites-nxdomain',
  needs: ['dns'],
  severity: 'warning',
  title: 'A resolver invents addresses for names that do not exist',
  soWhat:
    'Behind it a missing record looks like a wrong address: typing errors and lost records lead to somebody else’s server.',
  nowWhat: [{ kind: 'change', text: ['Turn the redirection off at that resolver, or ask another one (--resolver).'] }],
  sources: ['RFC 8020 2', 'RFC 2308 2.1'],
  judge({ dns }) {
    if (dns.safety === undefined) return NOT_LOOKED;
    const { madeUp } = dns.safety;
    if (madeUp === undefined)
      return { outcome: 'not-applicable', because: 'no authority was there to say that a name is missing' };
    if (madeUp.authority.answers > 0) {
      return { outcome: 'not-applicable', because: 'the zone itself answers for any name (a wildcard)' };
    }
    if (madeUp.resolvers.length === 0)
      return { outcome: 'not-judged', because: 'no resolver answered for a name that nobody has made' };
    return foundOrPass(
      madeUp.resolvers.flatMap(({ resolver, addresses }, index) => {
        if (addresses.length === 0) return [];
        return {
          what: [`${madeUp.name} does not exist, but resolver ${resolver} gives ${addresses.join(', ')} for it.`],
          nowWhat: [digAt(resolver, madeUp.name, 'A'), ...resolverRewritesNxdomain.nowWhat],
          evidence: [pointer('evidence', 'dns', 'safety', 'madeUp', 'resolvers', index)] as const,
        };
      }),
    );
  },
};
