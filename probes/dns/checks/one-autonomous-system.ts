// Owns the check that the name servers of a zone stand in more than one autonomous system, where a table of them was given.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { placedZones } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import { hostingOf } from '../hosting.ts';
import { systemsOf } from '../network-words.ts';
import type { DnsPolicy } from '../options.ts';

export const oneAutonomousSystem: Check<DnsFacts, DnsPolicy> = {
  id: 'one-autonomous-system',
  needs: ['dns'],
  severity: 'notice',
  title: 'All name servers of the zone stand in one autonomous system',
  soWhat: 'A routing fault of that one network takes every name server of the zone at once.',
  nowWhat: [{ kind: 'change', text: ['Where that matters, add a name server in another network.'] }],
  sources: ['RFC 2182 3.1', 'Zonemaster CONNECTIVITY03'],
  judge({ dns }) {
    if (dns.networks === undefined) {
      return { outcome: 'not-applicable', because: 'no table of autonomous systems was given (--networks)' };
    }
    const zones = placedZones(dns).map((placed) => ({ ...placed, systems: systemsOf(dns, placed.zone.zone) }));
    const told = zones.flatMap(({ systems, ...placed }) => (systems === null ? [] : [{ ...placed, systems }]));
    if (told.length === 0) {
      return {
        outcome: 'not-judged',
        because: 'the lists given do not tell the autonomous system of every name server',
      };
    }
    // Known operators serve from many places under one number (anycast): one-operator speaks of them.
    const own = told.filter(({ zone }) => hostingOf(zone).unknownNames > 0 && hostingOf(zone).addresses.length > 1);
    if (own.length === 0)
      return { outcome: 'not-applicable', because: 'known operators run the zones, or one address does' };
    return foundOrPass(
      own
        .filter(({ systems }) => systems.size === 1)
        .map(({ zone, at, systems }) => ({
          what: ['All name servers of ', zone.zone, ` stand in AS${[...systems].join('')}.`],
          evidence: [at] as const,
        })),
    );
  },
};
