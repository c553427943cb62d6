// Owns the check for packets of full size that vanish on the way without a word, while smaller ones get through.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { FullSizeRecord, PathEvidence } from '../evidence.ts';
import type { PathPolicy } from '../options.ts';

function said({ packetBytes, passesBytes, hole, farthestFull, farthestPassing }: FullSizeRecord): string {
  if (hole === 'back')
    return `Answers in packets of ${packetBytes} bytes do not come back, and nobody says so; in packets of ${passesBytes ?? 0} they do.`;
  const lost = `Packets of ${packetBytes} bytes do not arrive, and nobody says so; those of ${passesBytes ?? 0} do.`;
  if (farthestPassing === null) return lost;
  const upTo =
    farthestFull === null
      ? 'No router answers large ones'
      : `Large ones get to ${farthestFull.address} (TTL ${farthestFull.ttl})`;
  // Where the large ones get as far as the small, the routers that answer all stand before the hole.
  const isBetween = farthestFull === null || farthestFull.ttl < farthestPassing.ttl;
  const beyond = isBetween
    ? `, small ones to ${farthestPassing.address} (TTL ${farthestPassing.ttl})`
    : ', and so do small ones';
  return `${lost} ${upTo}${beyond}.`;
}

export const pathMtuBlackHole: Check<{ path: PathEvidence }, PathPolicy> = {
  id: 'path-mtu-black-hole',
  needs: ['path'],
  severity: 'warning',
  title: 'Packets of full size vanish on the way',
  soWhat:
    'Connections open and then hang: hellos, certificates, uploads and pages do not fit into one small packet. Some clients give up, others are slow each time.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Let ICMP "fragmentation needed" (IPv4) and "packet too big" (IPv6) through every packet filter between, or clamp the MSS at the link with the small MTU.',
      ],
    },
  ],
  sources: ['RFC 2923 2.1', 'RFC 4821 1', 'RFC 4890 4.3.1'],
  judge({ path: { byEndpoint } }) {
    const tried = byEndpoint.flatMap(({ fullSize }) => (fullSize === undefined ? [] : [fullSize]));
    if (!tried.some(({ hole, delivered }) => delivered || hole !== null))
      return {
        outcome: 'not-applicable',
        because:
          tried.length === 0
            ? 'packets of full size were not tried'
            : 'no packet of any size arrived at a traced endpoint',
      };
    const seen = byEndpoint.flatMap(({ endpoint, fullSize }, index): readonly Seen[] => {
      if (fullSize === undefined || fullSize.hole === null) return [];
      const evidence = [pointer('evidence', 'path', 'byEndpoint', index, 'fullSize')] as const;
      return [{ what: [said(fullSize)], endpoint, evidence }];
    });
    return foundOrPass(seen);
  },
};
