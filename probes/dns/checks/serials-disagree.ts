// Owns the check that the servers of a zone hold the same version of it.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { dig, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ZoneEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { operatorsOf } from '../provider.ts';
import { stillSerials } from '../providers.ts';

export const serialsDisagree: Check<DnsFacts, DnsPolicy> = {
  id: 'serials-disagree',
  needs: ['dns'],
  severity: 'notice',
  title: 'Name servers hold different versions of the zone',
  soWhat: 'Right after a change this is normal for a minute; when it lasts, some clients get yesterday’s records.',
  nowWhat: [{ kind: 'change', text: ['Look again after the SOA refresh time; then check zone transfers and NOTIFY.'] }],
  sources: ['RFC 1912 2.2', 'RFC 1982', 'RFC 1996'],
  judge({ dns }) {
    const zones = placedZones(dns).map((zone) => ({ ...zone, serials: serialsOf(zone) }));
    if (zones.every(({ serials }) => serials.size === 0)) {
      return { outcome: 'not-judged', because: 'no name server told a serial' };
    }
    if (!zones.some(({ servers }) => servers.filter(({ server }) => server.serial !== null).length > 1)) {
      return { outcome: 'not-applicable', because: 'only one name server told a serial' };
    }
    const seen = differing(dns, zones);
    // Equal serials show nothing where they never move: the records themselves are compared by other checks.
    const still = zones.find(({ zone }) => neverMoves(zone));
    if (seen.length === 0 && still !== undefined) {
      return {
        outcome: 'not-applicable',
        because: `the serial of ${still.zone.zone} never moves at its operator: whether its servers are in step is told by their records`,
      };
    }
    return foundOrPass(seen);
  },
};

type Told = PlacedZone & { readonly serials: ReturnType<typeof serialsOf> };

/** Some operator of the zone changes it without moving the serial. */
function neverMoves({ nameservers }: ZoneEvidence): boolean {
  const operators = operatorsOf(nameservers.map(({ name }) => name));
  return stillSerials.some(({ operator }) => operators.includes(operator));
}

function differing(dns: DnsEvidence, zones: readonly Told[]): readonly Seen[] {
  return zones
    .filter(({ serials }) => serials.size > 1)
    .map(({ zone, at, serials }) => {
      const told = [...serials].map(([serial, [name, address]]) => [serial, ' at ', name, ' (', address, ')'] as const);
      const what = [
        'The serial of ',
        zone.zone,
        ' is ',
        ...told.flatMap((one, i) => (i === 0 ? one : [', ', ...one])),
        '.',
      ];
      const nowWhat = [...serials.values()].map(([, address]) =>
        dig(address, dns.authorityPort, '+short', zone.zone, 'SOA'),
      );
      return { what, nowWhat: [...nowWhat, ...serialsDisagree.nowWhat], evidence: [at] as const };
    });
}

/** Each serial with the first server that told it. */
function serialsOf({ servers }: PlacedZone) {
  const serials = new Map<number, readonly [(typeof servers)[number]['nameserver']['name'], string]>();
  for (const { nameserver, server } of servers) {
    if (server.serial !== null && !serials.has(server.serial))
      serials.set(server.serial, [nameserver.name, server.address]);
  }
  return serials;
}
