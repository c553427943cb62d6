// Owns the check that the SOA timers are such that secondaries keep up, and outlive a primary that is down.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { dig, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, SoaEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { usualTimers } from '../providers.ts';

const MINUTE = 60;
const DAY = 86_400;

export const soaTimersOdd: Check<DnsFacts, DnsPolicy> = {
  id: 'soa-timers-odd',
  needs: ['dns'],
  severity: 'notice',
  title: 'The SOA timers of the zone are unusual',
  soWhat: 'Secondaries ask for changes too rarely or too often, or drop the zone while the primary is repaired.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Usual: refresh 20 minutes to 12 hours, retry a part of it, expire 1 to 4 weeks, minimum at most a day.'],
    },
  ],
  sources: ['RFC 1912 2.2', 'RFC 2308 5', 'Zonemaster ZONE02 to ZONE06'],
  judge({ dns }) {
    const zones = placedZones(dns);
    if (!zones.some(({ servers }) => servers.some(({ server }) => server.soa !== undefined))) {
      return { outcome: 'not-applicable', because: 'the journey kept no SOA record of any name server' };
    }
    return foundOrPass(zones.flatMap((zone) => oddIn(dns, zone)));
  },
};

/** The first server of the zone with odd timers: what differs between servers is another check's. */
function oddIn(dns: DnsEvidence, { servers }: PlacedZone): readonly Seen[] {
  for (const { server, at } of servers) {
    const odd = server.soa === undefined || isUsual(server.soa) ? [] : oddities(server.soa);
    if (server.soa === undefined || odd.length === 0) continue;
    const { zone } = server.soa;
    return [
      {
        what: ['The SOA record of ', zone, ` has ${odd.join('; ')}.`],
        nowWhat: [dig(server.address, dns.authorityPort, '+norecurse', zone, 'SOA'), ...soaTimersOdd.nowWhat],
        evidence: [at],
      },
    ];
  }
  return [];
}

/** What an operator writes into every zone says nothing of this one, and he keeps his servers in step otherwise. */
function isUsual(soa: SoaEvidence): boolean {
  const timers = [soa.refreshSeconds, soa.retrySeconds, soa.expireSeconds, soa.minimumSeconds];
  return usualTimers.some((row) => row.timers.every((seconds, index) => seconds === timers[index]));
}

function oddities(soa: SoaEvidence): readonly string[] {
  const { refreshSeconds: refresh, retrySeconds: retry, expireSeconds: expire, minimumSeconds: minimum } = soa;
  return [
    ...(refresh < 20 * MINUTE ? [`refresh ${refresh} s, under 20 minutes`] : []),
    ...(refresh > DAY / 2 ? [`refresh ${refresh} s, over 12 hours`] : []),
    ...(retry >= refresh ? [`retry ${retry} s, not below refresh (${refresh} s)`] : []),
    ...(expire <= refresh + retry
      ? [`expire ${expire} s, no longer than refresh and retry together`]
      : expire < 7 * DAY
        ? [`expire ${expire} s, under a week`]
        : []),
    ...(minimum > DAY ? [`minimum ${minimum} s, over a day`] : []),
  ];
}
