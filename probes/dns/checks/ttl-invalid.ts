// Owns the check that the TTLs of a record set are one, and a number that a TTL may be.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { dig, type PlacedServer, placedZones } from '../derive.ts';
import type { AnswerEvidence, DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const ttlInvalid: Check<DnsFacts, DnsPolicy> = {
  id: 'ttl-invalid',
  needs: ['dns'],
  severity: 'notice',
  title: 'A TTL is one that no record set may have',
  soWhat: 'Each resolver makes of it what it likes: the least of them, the first, or none.',
  nowWhat: [{ kind: 'change', text: ['Give all records of the set one TTL, below 2^31 seconds.'] }],
  sources: ['RFC 2181 5.2', 'RFC 2181 8'],
  judge({ dns }) {
    const servers = placedZones(dns).flatMap((placed) => placed.servers);
    if (servers.every(({ server }) => server.answers.length === 0)) {
      return { outcome: 'not-judged', because: 'no name server told the TTL of a record' };
    }
    return foundOrPass(servers.flatMap((one) => invalid(dns, one)));
  },
};

function invalid(dns: DnsEvidence, placed: PlacedServer): readonly Seen[] {
  const sets = Map.groupBy(placed.server.answers, ({ name, type }) => JSON.stringify([name, type]));
  return [...sets.values()].flatMap((set) => {
    const [first] = set;
    if (first === undefined) return [];
    const ttls = set.map(({ ttlSeconds }) => ttlSeconds);
    const [low, high] = [Math.min(...ttls), Math.max(...ttls)];
    if (set.some(({ ttlTooLarge }) => ttlTooLarge))
      return [seen(dns, placed, first, 'is 2^31 s or more, which counts as zero', 'warning')];
    return low === high
      ? []
      : [seen(dns, placed, first, `is not one: from ${low} s to ${high} s within the set`, 'notice')];
  });
}

function seen(
  dns: DnsEvidence,
  { nameserver, server, at }: PlacedServer,
  { name, type }: AnswerEvidence,
  how: string,
  severity: 'warning' | 'notice',
): Seen {
  return {
    severity,
    what: [`The TTL of the ${type} records of `, name, ' at ', nameserver.name, ` (${server.address}) ${how}.`],
    nowWhat: [dig(server.address, dns.authorityPort, '+norecurse', name, type), ...ttlInvalid.nowWhat],
    evidence: [at],
  };
}
