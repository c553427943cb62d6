// Owns the check that the zones on the way are signed with algorithms that signers should still use.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { algorithmName, signingState } from '../dnssec/algorithms.ts';
import { isOwn, notLooked, shown } from '../dnssec-words.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnssecZoneEvidence } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';

export const dnssecWeakAlgorithm: Check<DnsFacts, DnsPolicy> = {
  id: 'dnssec-weak-algorithm',
  needs: ['dns'],
  severity: 'warning',
  title: 'The zone is signed with an algorithm of the past',
  soWhat: 'Validators drop such algorithms one by one, and then treat the zone as unsigned.',
  nowWhat: [{ kind: 'change', text: ['Roll over to ECDSAP256SHA256 (13), with a SHA-256 digest in the DS record.'] }],
  sources: ['RFC 9904 3', 'RFC 9905 2', 'RFC 9906', 'RFC 6781 4.1.4'],
  judge({ dns }) {
    const nothing = notLooked(dns);
    const zones = dns.dnssecDetail?.zones ?? [];
    if (nothing !== null) return { outcome: 'not-applicable', because: nothing };
    if (zones.length === 0) return { outcome: 'not-applicable', because: 'no zone on the way is signed' };
    return foundOrPass(zones.flatMap(weak));
  },
};

function weak(zone: DnssecZoneEvidence, index: number): readonly Seen[] {
  const inUse = zone.keys.filter(({ tag }) => zone.signedBy.includes(tag)).map(({ algorithm }) => algorithm);
  // Of a zone whose keys nobody can use, only the DS records were read.
  const used = [...new Set(zone.keys.length > 0 ? inUse : zone.dsAlgorithms)];
  const never = used.filter((algorithm) => signingState(algorithm) === 'must-not');
  const better = used.filter((algorithm) => signingState(algorithm) === 'not-recommended');
  const old = zone.digestTypes.length > 0 && !zone.digestTypes.some((digest) => digest !== 1 && digest !== 3);
  const names = [...never, ...better].map((algorithm) => `${algorithmName(algorithm)} (${algorithm})`);
  const said = [
    ...(names.length > 0 ? [`is signed with ${names.join(' and ')}`] : []),
    ...(old ? ['is named by its parent with SHA-1 or GOST digests only'] : []),
  ];
  if (said.length === 0) return [];
  const own = isOwn(zone) || zone.keys.length === 0;
  return [
    {
      what: ['Zone ', shown(zone.zone), ` ${said.join(' and ')}.`],
      ...(own && (never.length > 0 || old) ? {} : { severity: 'notice' as const }),
      evidence: [pointer('evidence', 'dns', 'dnssecDetail', 'zones', index)],
    },
  ];
}
