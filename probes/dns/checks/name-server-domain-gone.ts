// Owns the check that the domains of a zone's name servers exist.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { DnsName } from '../../../src/model/text.ts';
import { aboveOnlyWords, digResolver, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, NameServerEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nameServerDomainGone: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-domain-gone',
  needs: ['dns'],
  severity: 'critical',
  title: 'A name server stands in a domain that does not exist',
  soWhat:
    'Whoever registers that domain answers for the zone: for its addresses, its mail and the certificates issued for it.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Take the name server out of the NS records at once, at the zone and at the registrar, or register its domain.',
      ],
    },
  ],
  sources: ['RFC 1034 4.2.2', 'RFC 1912 2.8'],
  judge({ dns }) {
    const zones = placedZones(dns).filter(({ zone }) => zone.nameservers.length > 0);
    const seen = zones.flatMap((placed) => gone(dns, placed));
    const followed = zones.flatMap(({ zone }) => zone.nameservers).filter(({ aliasOf }) => aliasOf !== undefined);
    if (seen.length === 0 && followed.length === 0) {
      return { outcome: 'not-applicable', because: 'the names of the name servers were not looked up for this' };
    }
    if (seen.length === 0 && followed.every(({ addresses }) => addresses.length === 0)) {
      return { outcome: 'not-judged', because: 'the names of the name servers could not be looked up' };
    }
    return foundOrPass(seen);
  },
};

function gone(dns: DnsEvidence, { zone, at }: PlacedZone): readonly Seen[] {
  return zone.nameservers.flatMap(({ name, missing, listedBy }, index): readonly Seen[] => {
    const domain = missing === undefined ? null : freeDomain(missing, zone.parent?.zone ?? null);
    if (domain === null) return [];
    const where = aboveOnlyWords({ listedBy });
    return [
      {
        what: [
          'The domain ',
          domain,
          ' of name server ',
          name,
          where,
          ' of ',
          zone.zone,
          ' does not exist: anybody may register it.',
        ],
        nowWhat: [digResolver(dns, domain, 'SOA'), ...nameServerDomainGone.nowWhat],
        evidence: [`${at}${pointer('nameservers', index)}` as typeof at],
      },
    ];
  });
}

/** Second levels below which country registries commonly hand out names. */
const HANDED_OUT = /^(?:ac|co|com|edu|gov|gv|ltd|ne|net|nom|or|org|plc)\.[a-z]{2}$/;

/**
 * The name that is missing below a zone where anybody may have one: a top-level domain, its like, or the one that holds the zone itself.
 * What is missing below another is its owner's to make; below the root it is a mistyped top-level domain.
 */
function freeDomain({ name, zone }: NonNullable<NameServerEvidence['missing']>, parent: string | null): DnsName | null {
  if (zone === '.' || (zone.includes('.') && zone !== parent && !HANDED_OUT.test(zone))) return null;
  const below = name.slice(0, -(zone.length + 1)).split('.');
  return `${below.at(-1) ?? ''}.${zone}` as DnsName;
}
