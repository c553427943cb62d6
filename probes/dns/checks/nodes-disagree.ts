// Owns the check that the nodes behind one name server address (anycast) hold the same zone.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { sameText } from '../../../src/model/text.ts';
import { dig, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, NodeEvidence, PolicyEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

/** How unlikely chance must be before a node is blamed for what its answers have in common. */
const CHANCE = 0.01;

export const nodesDisagree: Check<DnsFacts, DnsPolicy> = {
  id: 'nodes-disagree',
  needs: ['dns'],
  severity: 'warning',
  title: 'Nodes of one name server address hold different zones',
  soWhat:
    'The same server answers differently from one question to the next; which node a client reaches is up to the routes.',
  nowWhat: [
    { kind: 'change', text: ['Tell the operator of the name servers the names (NSID) of the nodes that differ.'] },
  ],
  sources: ['RFC 5001', 'RFC 4786 5'],
  judge({ dns }) {
    const servers = placedZones(dns).flatMap(({ servers: all }) => all);
    const twice = servers.filter(({ server }) => server.nsid !== undefined && server.tcp?.nsid !== undefined);
    const sampled = policiesOf(dns).filter(({ policy }) => policy.nodes !== undefined);
    if (twice.length === 0 && sampled.length === 0) {
      return { outcome: 'not-applicable', because: 'no name server address told the names of its nodes twice' };
    }
    return foundOrPass([...bySerial(dns), ...sampled.flatMap(({ policy, key }) => byAnswers(dns, policy, key))]);
  },
};

function policiesOf({ policy, aliasPolicy }: DnsEvidence) {
  return (['policy', 'aliasPolicy'] as const).flatMap((key) => {
    const one = key === 'policy' ? policy : aliasPolicy;
    return one === undefined ? [] : [{ policy: one, key }];
  });
}

/** The zone's SOA was asked twice, over UDP and TCP. */
function bySerial(dns: DnsEvidence): readonly Seen[] {
  return placedZones(dns).flatMap(({ zone, servers }) =>
    servers.flatMap(({ nameserver, server, at }): readonly Seen[] => {
      const { nsid, tcp, serial, address } = server;
      if (nsid === undefined || tcp?.nsid === undefined || tcp.serial === undefined || serial === null) return [];
      if (sameText(nsid, tcp.nsid) || serial === tcp.serial) return [];
      return [
        {
          severity: 'notice',
          what: [
            ...['At ', nameserver.name, ' (', address, ') node ', nsid, ' has serial ', serial, ' of ', zone.zone],
            ...[', node ', tcp.nsid, ' has ', tcp.serial, '.'],
          ],
          nowWhat: [dig(address, dns.authorityPort, '+nsid', '+norecurse', zone.zone, 'SOA'), ...nodesDisagree.nowWhat],
          evidence: [at],
        },
      ];
    }),
  );
}

/** Each node repeats itself, they differ from one another, and drawn answers would hardly have fallen so. */
function byAnswers(dns: DnsEvidence, policy: PolicyEvidence, key: string): readonly Seen[] {
  return [...Map.groupBy(policy.nodes ?? [], ({ address }) => address)].flatMap(([address, nodes]): readonly Seen[] => {
    const steady = nodes.every(({ sets }) => sets.length === 1);
    const different = new Set(nodes.map(setOf)).size > 1;
    if (!steady || !different || chanceOf(policy, nodes) >= CHANCE) return [];
    const [first, other] = [nodes[0], nodes.find((node) => nodes[0] !== undefined && setOf(node) !== setOf(nodes[0]))];
    if (first === undefined || other === undefined) return [];
    const says = ({ nsid, sets }: NodeEvidence) =>
      [
        'node ',
        nsid,
        ` gives ${sets[0]?.addresses.slice(0, 4).join(', ') || 'no address'} (${sets[0]?.n ?? 0} answers)`,
      ] as const;
    return [
      {
        what: ['At ', address, ' ', ...says(first), ' for ', policy.name, ', ', ...says(other), '.'],
        nowWhat: [
          dig(address, dns.authorityPort, '+nsid', '+norecurse', policy.name, policy.type),
          ...nodesDisagree.nowWhat,
        ],
        evidence: [pointer('evidence', 'dns', key, 'nodes')],
      },
    ];
  });
}

function setOf({ sets }: NodeEvidence): string {
  return sets.map(({ addresses }) => addresses.join(' ')).join('; ');
}

/** That every node repeats its first answer although each is drawn from what all answers of the zone show. */
function chanceOf({ sets, queries }: PolicyEvidence, nodes: readonly NodeEvidence[]): number {
  const repeat = sets.reduce((sum, { n }) => sum + (n / Math.max(1, queries)) ** 2, 0);
  const repeats = nodes.reduce((sum, node) => sum + node.sets.reduce((all, { n }) => all + n, 0) - 1, 0);
  return repeat ** repeats;
}
