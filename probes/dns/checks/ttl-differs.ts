// Owns the check that everybody tells the same TTL: the zone's own servers, and the resolver no more than they do.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { sameText, type WireText } from '../../../src/model/text.ts';
import { dig, digResolver, type PlacedServer, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import { toldTtls } from '../levers.ts';
import type { DnsPolicy } from '../options.ts';

export const ttlDiffers: Check<DnsFacts, DnsPolicy> = {
  id: 'ttl-differs',
  needs: ['dns'],
  severity: 'notice',
  title: 'The TTL of a record is not the same everywhere',
  soWhat: 'How soon a change is seen depends on whom a client’s resolver happened to ask.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Give the record set one TTL on every server; compare the zone’s serials if one is behind.'],
    },
  ],
  sources: ['RFC 2181 5.2', 'RFC 8767 4', 'RFC 9460 7.3'],
  judge({ dns }, { policy }) {
    const zones = placedZones(dns);
    const compared = zones.some(({ zone }) => toldTtls(zone).some(({ told }) => told.length > 1));
    const cached = dns.records.some((record) => record.authoritativeTtlSeconds !== null);
    if (!compared && !cached) {
      return { outcome: 'not-judged', because: 'no name server told the TTL of a record' };
    }
    return foundOrPass([
      ...zones.flatMap((placed) => betweenServers(dns, placed, policy.shiftWarnSeconds)),
      ...aboveAuthority(dns),
      ...besideAddresses(dns),
    ]);
  },
};

/** Records that a move of traffic has to change. */
const leads: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME']);

/** Hints that outlive the addresses lead clients to the old ones after a move (RFC 9460 7.3). */
function besideAddresses(dns: DnsEvidence): readonly Seen[] {
  const life = (types: readonly string[], name: WireText | string) =>
    dns.records
      .filter((one) => types.includes(one.type) && sameText(one.name, name))
      .flatMap((one) => one.authoritativeTtlSeconds ?? []);
  const hinted = (dns.https ?? []).findIndex(({ priority, ipv4Hint, ipv6Hint }) => {
    return priority > 0 && ipv4Hint.length + ipv6Hint.length > 0;
  });
  const record = dns.https?.[hinted];
  if (record === undefined) return [];
  const hints = Math.max(...life(['HTTPS'], record.name));
  const addresses = Math.max(...life(['A', 'AAAA'], dns.canonicalName));
  if (!Number.isFinite(addresses) || hints <= addresses) return [];
  return [
    {
      what: [
        'The HTTPS record of ',
        record.name,
        ` hints at addresses for ${hints} s; their own records live ${addresses} s.`,
      ],
      soWhat: 'After a move, browsers that kept the hints still try the old addresses first.',
      nowWhat: [
        digResolver(dns, record.name, 'HTTPS'),
        { kind: 'change', text: ['Give the HTTPS record the TTL of the A and AAAA records.'] },
      ],
      evidence: [pointer('evidence', 'dns', 'https', hinted)],
    },
  ];
}

/** A warning when the move is soon enough by some servers only; what is slow, or quick enough, by all is merely untidy. */
function betweenServers(dns: DnsEvidence, { zone, servers }: PlacedZone, allowedSeconds: number): readonly Seen[] {
  return toldTtls(zone).flatMap(({ name, type, told }): readonly Seen[] => {
    const sorted = told.toSorted((a, b) => a.ttlSeconds - b.ttlSeconds);
    const [low, high] = [sorted[0], sorted.at(-1)];
    if (low === undefined || high === undefined || low.ttlSeconds === high.ttlSeconds) return [];
    // One server’s set of many TTLs is the subject of ttl-invalid.
    if (low.server === high.server) return [];
    const at = [low, high].map((one) => servers.find(({ server }) => server === one.server));
    const [quick, slow] = at as [PlacedServer, PlacedServer];
    const partly = leads.has(type) && low.ttlSeconds <= allowedSeconds && high.ttlSeconds > allowedSeconds;
    return [
      {
        severity: partly ? 'warning' : 'notice',
        what: [
          `The TTL of the ${type} record of `,
          name,
          ` is ${low.ttlSeconds} s at `,
          ...[quick.nameserver.name, ' (', quick.server.address, ')'],
          ` and ${high.ttlSeconds} s at `,
          ...[slow.nameserver.name, ' (', slow.server.address, ').'],
        ],
        nowWhat: [
          ...[quick, slow].map(({ server }) => dig(server.address, dns.authorityPort, '+norecurse', name, type)),
          ...ttlDiffers.nowWhat,
        ],
        evidence: quick === slow ? [quick.at] : [quick.at, slow.at],
      },
    ];
  });
}

/** The resolver's TTL counts down from what an authority told: more means an old answer, or a floor of the resolver's own. */
function aboveAuthority(dns: DnsEvidence): readonly Seen[] {
  const seen = new Set<string>();
  return dns.records.flatMap((record, index): readonly Seen[] => {
    const { name, type, ttlSeconds, authoritativeTtlSeconds: told } = record;
    if (told === null || ttlSeconds <= told || seen.has(`${name} ${type}`)) return [];
    seen.add(`${name} ${type}`);
    const first = dns.records.findIndex((one) => sameText(one.name, name) && one.type === type);
    return [
      {
        what: [
          `Resolver ${dns.resolver} keeps the ${type} record of `,
          name,
          ` for ${ttlSeconds} s more; its name servers allow ${told} s.`,
        ],
        soWhat: 'Clients of that resolver see a change later than the zone’s TTL promises.',
        nowWhat: [
          digResolver(dns, name, type),
          {
            kind: 'change',
            text: ['If the TTL was lowered a short time ago, wait; else look for a minimum TTL in that resolver.'],
          },
        ],
        evidence: [pointer('evidence', 'dns', 'records', Math.min(first, index))],
      },
    ];
  });
}
