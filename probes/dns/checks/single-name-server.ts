// Owns the check that the zone has more than one name server.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { placedZones } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const singleNameServer: Check<DnsFacts, DnsPolicy> = {
  id: 'single-name-server',
  needs: ['dns'],
  severity: 'warning',
  title: 'The zone has a single name server',
  soWhat: 'When it is down the name is gone as soon as caches run out, however healthy the service is.',
  nowWhat: [{ kind: 'change', text: ['Add a name server in another network and announce it at the parent.'] }],
  sources: ['RFC 1034 4.1', 'RFC 2182 5'],
  judge({ dns }) {
    const zones = placedZones(dns).map((zone) => ({
      ...zone,
      addresses: new Set(zone.zone.nameservers.flatMap((nameserver) => nameserver.addresses)),
      complete: zone.zone.nameservers.every((nameserver) => nameserver.addresses.length > 0),
    }));
    const single = zones.filter(({ addresses, complete }) => addresses.size === 1 && complete);
    if (single.length === 0 && !zones.some(({ addresses }) => addresses.size > 1)) {
      return { outcome: 'not-judged', because: 'the name servers of the zone are not known' };
    }
    return foundOrPass(
      single.map(({ zone, at, addresses }) => ({
        what: ['All name servers of ', zone.zone, ' are one address: ', [...addresses].join(''), '.'],
        evidence: [at] as const,
      })),
    );
  },
};
