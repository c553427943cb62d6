// Owns the check that every name server of the zone which answers over UDP answers over TCP, too.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { dig, errorWords, isOurs, leafZone, type PlacedServer, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nameServerNoTcp: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-no-tcp',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server does not answer over TCP',
  soWhat:
    'Answers that do not fit into a datagram, signed ones first of all, never reach resolvers that ask this server.',
  nowWhat: [{ kind: 'change', text: ['Let TCP port 53 through to the server, and have it listen there.'] }],
  sources: ['RFC 7766 5', 'RFC 9210 3.1'],
  judge({ dns }) {
    const asked = (placedZones(dns)[0]?.servers ?? []).filter(
      ({ server }) => server.authoritative === true && server.tcp !== undefined && !isOurs(server.tcp.error),
    );
    if (asked.length === 0) return { outcome: 'not-judged', because: 'no name server of the zone was asked over TCP' };
    const deaf = asked.filter(({ server }) => server.tcp?.error !== null);
    // A firewall here that drops TCP to port 53 makes every server look alike.
    if (deaf.length > 0 && !tcpLeadsOut(dns) && deaf.every(({ server }) => server.tcp?.error === 'dns-timeout')) {
      return {
        outcome: 'not-judged',
        because: 'no name server at all answered over TCP: the network here may let none through',
      };
    }
    return foundOrPass(deaf.map((one) => seenDeaf(dns, one)));
  },
};

/** True when any server on the way from the root answered over TCP. */
function tcpLeadsOut({ delegation }: DnsEvidence): boolean {
  return delegation.some(({ nameservers }) =>
    nameservers.some(({ byAddress }) => byAddress.some(({ tcp }) => tcp?.error === null)),
  );
}

function seenDeaf(dns: DnsEvidence, { nameserver, server, at }: PlacedServer): Seen {
  const zone = leafZone(dns)?.zone ?? dns.canonicalName;
  const words = errorWords(server.tcp?.error ?? 'dns-timeout');
  return {
    what: [
      'Name server ',
      nameserver.name,
      ` (${server.address}) answers for ${zone} over UDP, not over TCP: ${words}.`,
    ],
    nowWhat: [dig(server.address, dns.authorityPort, '+norecurse', '+tcp', zone, 'SOA'), ...nameServerNoTcp.nowWhat],
    evidence: [at],
  };
}
