// Owns the check that name servers go by their own names, not by aliases.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { digResolver, placedZones } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nameServerAlias: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-alias',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server’s name is an alias',
  soWhat:
    'NS records must not lead to an alias: some resolvers (BIND) pass over such a server as if it were not there.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Put the name at the end of the alias into the NS records, at the zone and at the registrar.'],
    },
  ],
  sources: ['RFC 2181 10.3', 'RFC 1912 2.4'],
  judge({ dns }) {
    const named = placedZones(dns).filter(({ zone }) => zone.nameservers.length > 0);
    const seen = named.flatMap(({ zone, at }): readonly Seen[] =>
      zone.nameservers.flatMap(({ name, aliasOf }, index): readonly Seen[] =>
        aliasOf === undefined || aliasOf === null
          ? []
          : [
              {
                what: ['Name server ', name, ' of ', zone.zone, ' is an alias of ', aliasOf, '.'],
                nowWhat: [digResolver(dns, name, 'CNAME'), ...nameServerAlias.nowWhat],
                evidence: [`${at}${pointer('nameservers', index)}` as typeof at],
              },
            ],
      ),
    );
    const known = named.flatMap(({ zone }) => zone.nameservers);
    if (seen.length === 0 && known.length > 0 && known.every(({ aliasOf }) => aliasOf === undefined)) {
      return { outcome: 'not-applicable', because: 'the names of the name servers were not looked up for this' };
    }
    // Whoever has an address has a name that was followed to its end.
    if (seen.length === 0 && !known.some(({ aliasOf, addresses }) => aliasOf !== undefined && addresses.length > 0)) {
      return { outcome: 'not-judged', because: 'no address of a name server of the zone is known' };
    }
    return foundOrPass(seen);
  },
};
