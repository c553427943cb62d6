// Owns the check that the zone's name servers do not all stand in one network.
import { type Check, foundOrPass, type Judged } from '../../../src/contract/check.ts';
import { placedZones } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import { hostingOf, isRouted } from '../hosting.ts';
import type { DnsPolicy } from '../options.ts';

export const oneNetwork: Check<DnsFacts, DnsPolicy> = {
  id: 'one-network',
  needs: ['dns'],
  severity: 'warning',
  title: 'All name servers of the zone stand in one network',
  soWhat: 'One withdrawn route, one failed site or one attack takes all of them at once, and the name with them.',
  nowWhat: [
    { kind: 'change', text: ['Put a name server into a network that is announced on its own, best elsewhere.'] },
  ],
  sources: ['RFC 2182 3.1', 'Zonemaster CONNECTIVITY04'],
  judge({ dns }): Judged {
    const zones = placedZones(dns).map((placed) => ({ ...placed, hosting: hostingOf(placed.zone) }));
    const known = zones.filter(({ zone }) => zone.nameservers.some(({ addresses }) => addresses.length > 0));
    if (known.length === 0) return { outcome: 'not-judged', because: 'the name servers of the zone are not known' };
    const routed = known.filter(({ hosting }) => hosting.addresses.every(isRouted));
    if (routed.length === 0) {
      const because =
        'the name servers have addresses of a private network or of this machine: its routes are not seen';
      return { outcome: 'not-applicable', because };
    }
    const several = routed.filter(({ hosting }) => hosting.addresses.length > 1);
    if (several.length === 0) return { outcome: 'not-applicable', because: 'there is one name server address' };
    // A server without an address may be the one that stands elsewhere.
    const complete = several.filter(({ zone }) => zone.nameservers.every(({ addresses }) => addresses.length > 0));
    const apart = several.some(({ hosting }) => !hosting.isOneNetwork);
    if (complete.length === 0 && !apart) {
      return { outcome: 'not-judged', because: 'the addresses of some name servers are not known' };
    }
    return foundOrPass(
      complete
        .filter(({ hosting }) => hosting.isOneNetwork)
        .map(({ zone, at, hosting }) => ({
          what: [
            `All ${hosting.addresses.length} name server addresses of `,
            ...[zone.zone, ' stand in ', hosting.networks.join(' and '), '.'],
          ],
          // Operators in the table announce their networks from many places.
          ...(hosting.unknownNames === 0 ? { severity: 'notice' as const } : {}),
          evidence: [at] as const,
        })),
    );
  },
};
