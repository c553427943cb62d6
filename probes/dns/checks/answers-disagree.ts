// Owns the check that every authority gives the same addresses for the name.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { listing, type Phrase } from '../../../src/model/finding.ts';
import { textKey } from '../../../src/model/text.ts';
import { dig, type PlacedServer, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { policiesIn } from '../policy-words.ts';

export const answersDisagree: Check<DnsFacts, DnsPolicy> = {
  id: 'answers-disagree',
  needs: ['dns'],
  severity: 'warning',
  title: 'Name servers give different addresses',
  soWhat: 'Which addresses a client gets depends on the server that its resolver happens to ask.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Bring the stale server up to date, unless the zone answers by weight or place (then it is meant).'],
    },
  ],
  sources: ['RFC 2181 5', 'RFC 1034 4.2.2'],
  judge({ dns }) {
    const zones = placedZones(dns).filter(({ zone }) => !varies(dns, zone.zone));
    if (zones.length === 0 && placedZones(dns).length > 0) {
      return { outcome: 'not-applicable', because: 'each name server gives different answers of its own accord' };
    }
    if (!zones.some((zone) => answering(zone).length > 0)) {
      return { outcome: 'not-judged', because: 'no name server told the addresses' };
    }
    if (!zones.some((zone) => answering(zone).length > 1)) {
      return { outcome: 'not-applicable', because: 'only one name server told the addresses' };
    }
    return foundOrPass(zones.flatMap((zone) => disagreement(dns, zone)));
  },
};

/** One answer of each server says nothing when each chooses anew for every question. */
function varies(dns: DnsEvidence, zone: string): boolean {
  return policiesIn(dns).some((policy) => {
    return policy.zone === zone && (policy.kind === 'weighted' || policy.kind === 'multivalue');
  });
}

function answering({ servers }: PlacedZone): readonly PlacedServer[] {
  return servers.filter(({ server }) => server.error === null && server.rcode !== null);
}

function disagreement(dns: DnsEvidence, placed: PlacedZone): readonly Seen[] {
  const variants = new Map<string, PlacedServer>();
  for (const one of answering(placed)) {
    const { rcode, answers } = one.server;
    // Data without TTLs, in the sorted order of the evidence: order and TTL are no disagreement.
    const key = JSON.stringify([rcode, answers.map(({ name, type, data }) => [textKey(name), type, textKey(data)])]);
    if (!variants.has(key)) variants.set(key, one);
  }
  if (variants.size < 2) return [];
  const [first, ...rest] = variants.values();
  if (first === undefined) return [];
  return [
    {
      what: ['For ', placed.zone.entry, ' ', ...said(first), ...rest.flatMap((one) => [', but ', ...said(one)]), '.'],
      nowWhat: [
        ...[first, ...rest]
          .slice(0, 3)
          .map(({ server }) => dig(server.address, dns.authorityPort, '+norecurse', placed.zone.entry, 'A')),
        ...answersDisagree.nowWhat,
      ],
      evidence: [first.at, ...rest.map((one) => one.at)],
    },
  ];
}

function said({ nameserver, server }: PlacedServer): Phrase {
  const data = server.answers.map((answer) => answer.data);
  const nothing = server.rcode === 'NXDOMAIN' ? 'that it does not exist' : 'no address';
  const gives = server.answers.length === 0 ? [' says ', nothing] : [' gives ', ...listing(data, 8)];
  return [nameserver.name, ' (', server.address, ')', ...gives];
}
