// Owns the check that large answers over UDP come, or are cut and said to be.
import { type Check, foundOrPass, type Judged } from '../../../src/contract/check.ts';
import { lostIn } from '../conformance/ladder.ts';
import { dig, type PlacedServer, placedZones } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nameServerLargeAnswersLost: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-large-answers-lost',
  needs: ['dns'],
  severity: 'notice',
  title: 'Large answers of a name server are lost on the way',
  soWhat: 'A resolver that offers as much room waits in vain, asks again and again, and may call the zone dead.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Let the server send at most 1232 bytes over UDP (max-udp-size), and let fragments and TCP port 53 through.',
      ],
    },
  ],
  sources: ['RFC 9715 3', 'RFC 6891 6.2.5', 'DNS flag day 2020'],
  judge({ dns }) {
    const tried = (placedZones(dns)[0]?.servers ?? []).filter(({ server }) => server.conformance?.ladder !== undefined);
    if (tried.length === 0) return NOT_CLIMBED;
    const lost = tried.flatMap((placed) => {
      const { ladder } = placed.server.conformance ?? {};
      const one = ladder === undefined ? null : lostIn(ladder);
      return ladder === undefined || one === null ? [] : [{ placed, one, type: ladder.type }];
    });
    // Fragments that are dropped near here make every server look alike.
    const all = lost.length > 1 && lost.length === tried.length;
    const here = all ? ' So it is at all name servers of the zone: the network here may do it.' : '';
    return foundOrPass(
      lost.map(({ placed, one, type }) => ({
        severity: one.today && !all ? 'warning' : 'notice',
        what: [
          ...named(placed),
          `: the ${type} answer is lost with room for ${one.payloadBytes} bytes and comes with ${one.comesAtBytes}.${here}`,
        ],
        nowWhat: [
          dig(
            placed.server.address,
            dns.authorityPort,
            '+norecurse',
            '+dnssec',
            `+bufsize=${one.payloadBytes}`,
            '+ignore',
            placedZones(dns)[0]?.zone.zone ?? dns.canonicalName,
            type,
          ),
          ...nameServerLargeAnswersLost.nowWhat,
        ],
        evidence: [placed.at],
      })),
    );
  },
};

const NOT_CLIMBED: Judged = {
  outcome: 'not-applicable',
  because: 'no name server was asked with rising room for a large answer (--dns-conformance does)',
};

function named({ nameserver, server }: PlacedServer) {
  return ['Name server ', nameserver.name, ` (${server.address})`] as const;
}
