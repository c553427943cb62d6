// Owns the check that the zone's name servers answer quickly, as far as that can be told apart from their distance.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { dig, type PlacedServer, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ServerEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

interface Timed {
  readonly placed: PlacedServer;
  readonly ms: number;
  /** Of that: what the server thought; null where TCP did not tell. */
  readonly ownMs: number | null;
}

export const nameServerSlow: Check<DnsFacts, DnsPolicy> = {
  id: 'name-server-slow',
  needs: ['dns'],
  severity: 'notice',
  title: 'Name servers answer slowly',
  soWhat: 'Whoever’s resolver asks one of them first waits that much longer for the first request.',
  nowWhat: [
    { kind: 'change', text: ['Look at the load of the server; bring servers, or anycast, nearer to the clients.'] },
  ],
  sources: ['RFC 2182 3.1'],
  judge({ dns }, { policy }) {
    const limitMs = policy.nameServerSlowMs;
    const timed = (placedZones(dns)[0]?.servers ?? []).flatMap((placed) => timedOf(placed, dns) ?? []);
    if (timed.length === 0) return { outcome: 'not-judged', because: 'no name server of the zone answered' };
    const slow = timed.filter(({ ms }) => ms > limitMs);
    // By far the most of the time is the server's own: no distance does that.
    const busy = slow.filter(({ ms, ownMs }) => ownMs !== null && ownMs > ms / 2);
    const far = slow.filter((one) => !busy.includes(one));
    const near = Math.min(...timed.map(({ ms }) => ms));
    if (busy.length === 0 && far.length === timed.length) {
      return {
        outcome: 'not-applicable',
        because: 'all name servers are far from here: slow and far cannot be told apart',
      };
    }
    const many = far.length / timed.length > policy.slowServersShare ? far : [];
    return foundOrPass([
      ...busy.map((one) => busySeen(dns, one)),
      ...farSeen(dns, many, timed.length, { limitMs, near }),
    ]);
  },
};

/** The quickest of its answers: one that was sent again because a packet was lost, or read late by a busy machine, must not count. */
function timedOf(placed: PlacedServer, { policy, aliasPolicy }: DnsEvidence): Timed | null {
  const { rttMs, tcp, error, address } = placed.server;
  if (rttMs === null || error !== null) return null;
  const later = [policy, aliasPolicy].flatMap(
    (one) => one?.quickest?.filter((server) => server.address === address) ?? [],
  );
  const ms = Math.min(rttMs, ...trialTimes(placed.server), ...later.map((server) => server.rttMs));
  // Over TCP a round trip more passes before the question: UDP r + t, TCP 2r + t.
  const ownMs = tcp === undefined || tcp.rttMs === null || tcp.error !== null ? null : 2 * ms - tcp.rttMs;
  return { placed, ms, ownMs };
}

function trialTimes({ conformance }: ServerEvidence): readonly number[] {
  return conformance?.trials.flatMap(({ reply }) => reply?.elapsedMs ?? []) ?? [];
}

function busySeen(dns: DnsEvidence, { placed: { nameserver, server, at }, ms, ownMs }: Timed): Seen {
  const own = Math.round(ownMs ?? 0);
  return {
    what: [
      'Name server ',
      nameserver.name,
      ` (${server.address}) answers after ${Math.round(ms)} ms, of which about ${own} ms are its own and not the way’s.`,
    ],
    nowWhat: [dig(server.address, dns.authorityPort, '+norecurse', dns.canonicalName), ...nameServerSlow.nowWhat],
    evidence: [at],
  };
}

function farSeen(
  dns: DnsEvidence,
  slow: readonly Timed[],
  of: number,
  { limitMs, near }: { limitMs: number; near: number },
): readonly Seen[] {
  const [first, ...more] = slow;
  if (first === undefined) return [];
  const worst = Math.max(...slow.map(({ ms }) => ms));
  return [
    {
      what: [
        `${slow.length} of ${of} name server addresses answer after more than ${limitMs} ms from here (up to ${Math.round(worst)} ms); the nearest takes ${Math.round(near)} ms.`,
      ],
      nowWhat: [
        dig(first.placed.server.address, dns.authorityPort, '+norecurse', dns.canonicalName),
        ...nameServerSlow.nowWhat,
      ],
      evidence: [first.placed.at, ...more.map(({ placed }) => placed.at)],
    },
  ];
}
