// Owns the check that the name servers of a public zone have addresses that lead somewhere.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { addressScope } from '../../../src/model/address-scope.ts';
import { pointer } from '../../../src/model/finding.ts';
import { type IpAddress, sameText } from '../../../src/model/text.ts';
import { aboveOnlyWords, dig, digResolver, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, NameServerEvidence } from '../evidence.ts';
import { isRouted } from '../hosting.ts';
import type { DnsPolicy } from '../options.ts';
import { anyOf } from '../parent-lists.ts';

export const nameServerUnroutable: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-unroutable',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server of a public zone has an address that no route leads to',
  soWhat: 'Resolvers outside that network wait for it in vain, or ask a machine of their own with that address.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Take the address out of the public records, here and at the registrar; give insiders theirs in a view.'],
    },
  ],
  sources: ['RFC 6890', 'RFC 1918 3', 'Zonemaster ADDRESS01'],
  judge({ dns }) {
    const zones = placedZones(dns).filter(({ zone }) => zone.nameservers.some(({ addresses }) => addresses.length > 0));
    if (zones.length === 0) return { outcome: 'not-judged', because: 'no address of a name server is known' };
    const open = zones.filter((placed) => isOpen(dns, placed));
    if (open.length === 0) {
      return {
        outcome: 'not-applicable',
        because: 'neither the zone nor the one above has a server with a public address',
      };
    }
    return foundOrPass(open.flatMap((placed) => unroutable(dns, placed)));
  },
};

/**
 * The zone has servers that anybody can reach, or is delegated with glue by one that has. What a resolver inside tells of a zone without
 * either may be meant for insiders.
 */
function isOpen({ delegation }: DnsEvidence, { zone }: PlacedZone): boolean {
  if (zone.nameservers.some(({ addresses }) => addresses.some(isPublicAddress))) return true;
  const above = delegation.find((one) => one.zone === zone.parent?.zone);
  const isDelegated = above?.nameservers.some(({ addresses }) => addresses.some(isPublicAddress)) === true;
  return isDelegated && zone.parent?.glue.some(({ address }) => !isRouted(address)) === true;
}

function isPublicAddress(address: IpAddress): boolean {
  return addressScope(address) === 'public';
}

function unroutable(dns: DnsEvidence, { zone, at }: PlacedZone): readonly Seen[] {
  return zone.nameservers.flatMap(({ name, addresses, listedBy }, index): readonly Seen[] => {
    const glue = glueOf(zone, name);
    const lost = [...new Set([...addresses, ...glue])].filter((address) => !isRouted(address));
    const [first] = lost;
    if (first === undefined) return [];
    const told = glue.includes(first) && zone.parent !== undefined ? zone.parent.server.address : null;
    const command =
      told === null ? digResolver(dns, name, 'ANY') : dig(told, dns.authorityPort, '+norecurse', zone.zone, 'NS');
    const where = aboveOnlyWords({ listedBy });
    return [
      {
        what: [
          'Name server ',
          name,
          where,
          ' of ',
          zone.zone,
          ' has the address ',
          lost.join(', '),
          ', which is not routed on the Internet.',
        ],
        nowWhat: [command, ...nameServerUnroutable.nowWhat],
        evidence: [`${at}${pointer('nameservers', index)}` as typeof at],
      },
    ];
  });
}

function glueOf({ zone, parent }: PlacedZone['zone'], name: NameServerEvidence['name']): readonly IpAddress[] {
  return (parent === undefined ? [] : anyOf(parent, zone).glue)
    .filter((one) => sameText(one.name, name))
    .map(({ address }) => address);
}
