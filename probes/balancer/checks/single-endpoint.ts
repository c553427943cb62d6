// Owns the check for a service that stands on one address or in one zone.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { BalancerEvidence } from '../evidence.ts';
import type { BalancerPolicy } from '../options.ts';

export const singleEndpoint: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'single-endpoint',
  needs: ['balancer'],
  severity: 'notice',
  title: 'One endpoint or one zone',
  soWhat: 'When this zone is lost the whole service is lost with it, until somebody moves the record.',
  nowWhat: [{ kind: 'change', text: ['Publish the address of a second zone, or accept the risk knowingly.'] }],
  sources: ['RFC 1034 3.6: a name may have many addresses'],
  judge({ balancer }, { target, endpoints }) {
    const [only] = endpoints;
    if (only === undefined) return { outcome: 'not-judged', because: 'no endpoint was found' };
    if (target.isAddress || endpoints.every(({ ttlSeconds }) => ttlSeconds === null)) {
      return { outcome: 'not-applicable', because: 'the addresses were given by hand' };
    }
    if (balancer.scope === 'global') {
      return { outcome: 'not-applicable', because: 'a global edge serves its addresses from many places' };
    }
    const zones = new Set(endpoints.map(({ zone }) => zone));
    const oneZone = zones.size === 1 && only.zone !== null;
    if (endpoints.length > 1 && !oneZone) return { outcome: 'pass' };
    const what =
      endpoints.length === 1 ? 'The name has one address only.' : `All ${endpoints.length} addresses are in one zone.`;
    return { outcome: 'found', seen: [{ what: [what], evidence: [pointer('endpoints')] }] };
  },
};
