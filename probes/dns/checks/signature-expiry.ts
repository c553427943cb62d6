// Owns the check that no signature on the way is about to expire: a signer that has stopped is seen before it breaks the zone.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { isOwn, notLooked, shown } from '../dnssec-words.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnssecZoneEvidence, SignatureEvidence } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';
import { signedServers } from '../signed-servers.ts';

const DAY_MS = 86_400_000;

export const signatureExpiry: Check<DnsFacts, DnsPolicy> = {
  id: 'signature-expiry',
  needs: ['dns'],
  severity: 'warning',
  title: 'A signature of the zone is about to expire',
  soWhat: 'From that moment resolvers that validate answer SERVFAIL for what it covers.',
  nowWhat: [{ kind: 'change', text: ['Find out why the signer has not signed again, and have it do so.'] }],
  sources: ['RFC 4034 3.1.5', 'RFC 6781 4.4.2'],
  judge({ dns }, { asOfMs }) {
    const nothing = notLooked(dns);
    const zones = dns.dnssecDetail?.zones ?? [];
    if (nothing !== null) return { outcome: 'not-applicable', because: nothing };
    if (zones.every((zone) => zone.signatures.length === 0)) {
      return { outcome: 'not-applicable', because: 'no signature on the way holds' };
    }
    return foundOrPass([...zones.flatMap((zone, index) => expiring(zone, index, asOfMs)), ...lagging(dns, asOfMs)]);
  },
};

function expiring(zone: DnssecZoneEvidence, index: number, asOfMs: number): readonly Seen[] {
  const due = zone.signatures.filter((one) => leftMs(one, asOfMs) < thresholdMs(one));
  const [first] = due.toSorted((a, b) => leftMs(a, asOfMs) - leftMs(b, asOfMs));
  if (first === undefined) return [];
  const left = leftMs(first, asOfMs);
  const more = due.length > 1 ? ` (and ${due.length - 1} more)` : '';
  const when = left <= 0 ? 'expired' : `expires in ${duration(left)},`;
  return [
    {
      what: [`The signature over ${first.type} of `, shown(first.name), `${more} ${when} at ${first.expiresAt}.`],
      ...(isOwn(zone)
        ? {}
        : { severity: 'notice' as const, soWhat: `${signatureExpiry.soWhat} The zone is another’s.` }),
      evidence: [pointer('evidence', 'dns', 'dnssecDetail', 'zones', index, 'signatures')],
    },
  ];
}

/** A server that is behind the others: its signatures end within three days, theirs a day later at least. */
function lagging(dns: DnsEvidence, asOfMs: number): readonly Seen[] {
  const servers = signedServers(dns);
  if ('outcome' in servers) return [];
  const sets = servers.flatMap((one) =>
    one.server.sets.flatMap(({ type, fault, expiresAt }) =>
      fault !== null || expiresAt === null ? [] : [{ one, type, endMs: Date.parse(expiresAt), expiresAt }],
    ),
  );
  const latest = (type: string) => Math.max(...sets.filter((other) => other.type === type).map(({ endMs }) => endMs));
  const behind = sets.filter(({ type, endMs }) => endMs - asOfMs < 3 * DAY_MS && latest(type) - endMs >= DAY_MS);
  return servers.flatMap((one) => {
    const first = behind.filter((set) => set.one === one).toSorted((a, b) => a.endMs - b.endMs)[0];
    if (first === undefined) return [];
    const left = first.endMs - asOfMs;
    const when = left <= 0 ? 'expired' : `expire in ${duration(left)},`;
    const what = [
      'The signatures of name server ',
      ...one.name,
      ` ${when} at ${first.expiresAt}; those of others later.`,
    ];
    const nowWhat = [
      { kind: 'change', text: ['Have the server transfer the zone again, and find out why it did not.'] },
    ] as const;
    return [{ what, nowWhat, evidence: [one.at] }];
  });
}

function leftMs({ expiresAt }: SignatureEvidence, asOfMs: number): number {
  return Date.parse(expiresAt) - asOfMs;
}

/**
 * Three days to notice and mend, and no cache that outlives the signature. Signers that sign for a day or two at a time are
 * fine: they renew well before a quarter of the time is left, as dnssec-signzone does by default.
 */
function thresholdMs({ validFrom, expiresAt, ttlSeconds }: SignatureEvidence): number {
  const life = Date.parse(expiresAt) - Date.parse(validFrom);
  return Math.min(Math.max(3 * DAY_MS, 2 * ttlSeconds * 1000), life / 4);
}

function duration(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  return hours >= 48 ? `${Math.floor(hours / 24)} days` : `${hours} h`;
}
