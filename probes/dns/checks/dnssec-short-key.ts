// Owns the check that the RSA keys of the name's zones are as long as keys should be today.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { algorithmName } from '../dnssec/algorithms.ts';
import { isOwn, notLooked, shown } from '../dnssec-words.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnssecZoneEvidence } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';

/** NIST SP 800-57 part 1 5.6.1, table 2: 112 bits of security; Zonemaster's DNSSEC14 asks for the same. No RFC does. */
const RECOMMENDED_BITS = 2048;
/** RFC 5702 2.2: RSASHA512 has no shorter keys. Moduli of 829 bits have been factored in public. */
const BROKEN_BELOW_BITS = 1024;

export const dnssecShortKey: Check<DnsFacts, DnsPolicy> = {
  id: 'dnssec-short-key',
  needs: ['dns'],
  severity: 'notice',
  title: 'The zone is signed with a short RSA key',
  soWhat: 'Whoever factors the key signs what he likes in the name of the zone.',
  nowWhat: [{ kind: 'change', text: ['Roll over to ECDSAP256SHA256 (13), or to an RSA key of 2048 bits.'] }],
  sources: ['NIST SP 800-57 part 1 5.6.1', 'RFC 5702 2', 'RFC 6781 3.4.2'],
  judge({ dns }) {
    const nothing = notLooked(dns);
    if (nothing !== null) return { outcome: 'not-applicable', because: nothing };
    const zones = (dns.dnssecDetail?.zones ?? []).map((zone, index) => ({ zone, index }));
    const sized = zones.filter(({ zone }) => isOwn(zone) && zone.keys.some(({ bits }) => (bits ?? null) !== null));
    if (sized.length === 0) return { outcome: 'not-applicable', because: 'no RSA key of the name’s zones was seen' };
    return foundOrPass(sized.flatMap(({ zone, index }) => short(zone, index)));
  },
};

function short(zone: DnssecZoneEvidence, index: number): readonly Seen[] {
  const keys = zone.keys.filter(
    ({ bits, revoked }) => (bits ?? RECOMMENDED_BITS) < RECOMMENDED_BITS && revoked !== true,
  );
  if (keys.length === 0) return [];
  const told = keys
    .map(({ tag, bits, algorithm }) => `${tag} (${algorithmName(algorithm)}, ${bits} bits)`)
    .join(' and ');
  const broken = keys.some(({ bits }) => (bits ?? 0) < BROKEN_BELOW_BITS);
  return [
    {
      what: ['Zone ', shown(zone.zone), ` has RSA keys of less than ${RECOMMENDED_BITS} bits: ${told}.`],
      ...(broken ? { severity: 'warning' as const } : {}),
      evidence: [pointer('evidence', 'dns', 'dnssecDetail', 'zones', index, 'keys')],
    },
  ];
}
