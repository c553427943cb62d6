// Owns the check that every server of the zone gives what those who validate need: caches hide a single bad one for a while.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { dig } from '../derive.ts';
import { reasonWords, shown } from '../dnssec-words.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { SignedServerEvidence } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';
import { keyWords, type PlacedSigned, signedServers } from '../signed-servers.ts';

export const dnssecServerDiffers: Check<DnsFacts, DnsPolicy> = {
  id: 'dnssec-server-differs',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server gives other signatures or keys than it should',
  soWhat:
    'A resolver that validates and asks this server loses time until it has asked another, or answers SERVFAIL; what is in its cache decides when.',
  nowWhat: [
    { kind: 'change', text: ['Have the server transfer the zone again, and find out why it did not by itself.'] },
  ],
  sources: ['RFC 4035 3.1.1', 'RFC 4035 5', 'RFC 6781 4.1', 'RFC 8901'],
  judge({ dns }) {
    const servers = signedServers(dns);
    if ('outcome' in servers) return servers;
    const heard = servers.filter(({ server }) => server.sets.length > 0);
    if (heard.length === 0) return { outcome: 'not-judged', because: 'no server of the zone told its signatures' };
    const faulty = heard.filter(({ server }) => faultOf(server) !== undefined);
    if (faulty.length === heard.length) {
      if (dns.dnssec === 'bogus') return { outcome: 'not-applicable', because: 'all servers fail alike' };
      if (faulty.every(({ server }) => isBare(server))) {
        return { outcome: 'not-judged', because: 'no server gave a signature here: they may be taken away on the way' };
      }
    }
    const good = heard.filter((one) => !faulty.includes(one));
    const severity = good.length === 0 ? ('critical' as const) : ('warning' as const);
    return foundOrPass([...faulty.map((one) => ({ ...seenFaulty(dns, one), severity })), ...otherKeys(dns, good)]);
  },
};

type SignedSet = SignedServerEvidence['sets'][number];

function faultOf({ sets }: SignedServerEvidence): SignedSet | undefined {
  return sets.find(({ fault }) => fault !== null);
}

/** True when nothing is wrong but that there is nothing. */
function isBare({ sets }: SignedServerEvidence): boolean {
  return sets.every(({ fault }) => fault === 'no-signature' || fault === 'no-keys' || fault === 'no-proof');
}

function seenFaulty(dns: DnsEvidence, { server, name, at }: PlacedSigned): Seen {
  const set = faultOf(server);
  const { says, remedy } = reasonWords(set?.fault ?? 'no-signature');
  const when = set?.fault === 'signature-expired' && set.expiresAt !== null ? ` (${set.expiresAt})` : '';
  const what = [
    'Name server ',
    ...name,
    ` gives ${set?.type} of `,
    shown(set?.name ?? dns.name),
    ` that does not validate: ${says}${when}.`,
  ];
  return {
    what,
    nowWhat: [
      digSigned(dns, server, set?.type ?? 'DNSKEY', set?.name),
      ...dnssecServerDiffers.nowWhat,
      { kind: 'change', text: [remedy] },
    ],
    evidence: [at],
  };
}

function digSigned(dns: DnsEvidence, { address }: SignedServerEvidence, type: string, name: string = dns.name) {
  // What proves that a name has no such records is not asked for by its own type.
  const asked = type.startsWith('NSEC') ? 'A' : type;
  return dig(address, dns.authorityPort, '+norecurse', '+dnssec', name, asked);
}

/** Servers whose key set is another than that of most: a warning where it lacks a key by which another signs. */
function otherKeys(dns: DnsEvidence, good: readonly PlacedSigned[]): readonly Seen[] {
  const keyed = good.flatMap((one) => (one.server.keys === null ? [] : [{ one, keys: one.server.keys }]));
  const counts = new Map<string, number>();
  for (const { keys } of keyed) counts.set(keys.join(' '), (counts.get(keys.join(' ')) ?? 0) + 1);
  const usual = [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
  const reference = keyed.find(({ keys }) => keys.join(' ') === usual)?.keys ?? [];
  return keyed.flatMap(({ one, keys }) => {
    if (keys.join(' ') === usual) return [];
    const { server, name, at } = one;
    const broken = keyed.some((other) => !covers(keys, other.one.server) || !covers(other.keys, server));
    return [
      {
        what: ['Name server ', ...name, ` publishes ${keyWords(keys)}, others ${keyWords(reference)}.`],
        ...(broken
          ? {
              soWhat:
                'A resolver that took the keys from one server and the records from another finds no key for the signature, and answers SERVFAIL.',
            }
          : {
              severity: 'notice' as const,
              soWhat:
                'While a key is being changed this is so for a moment; if it stays, the servers do not follow one another.',
            }),
        nowWhat: [digSigned(dns, server, 'DNSKEY', server.sets[0]?.name), ...dnssecServerDiffers.nowWhat],
        evidence: [at],
      },
    ];
  });
}

/** True when each set of the server is signed by one of these keys at least. */
function covers(keys: readonly number[], { sets }: SignedServerEvidence): boolean {
  return sets.every(({ type, tags }) => type === 'DNSKEY' || tags.some((tag) => keys.includes(tag)));
}
