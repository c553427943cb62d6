// Owns the check that each DS record of the name's zones names a key that is there. When none does, that is dnssec-bogus.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { algorithmName, isSupported } from '../dnssec/algorithms.ts';
import { isOwn, notLooked, shown } from '../dnssec-words.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnssecZoneEvidence } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';
import { keyWords } from '../signed-servers.ts';

export const dsWithoutKey: Check<DnsFacts, DnsPolicy> = {
  id: 'ds-without-key',
  needs: ['dns'],
  severity: 'notice',
  title: 'A DS record names a key that the zone does not have',
  soWhat:
    'Before or after a key is changed this is so for a while. If it stays, nothing but the other DS records holds the zone up: once they go, it fails for all who validate.',
  nowWhat: [
    { kind: 'change', text: ['Finish the roll-over: publish the key, or have the parent take its DS record away.'] },
  ],
  sources: ['RFC 6781 4.1.2', 'RFC 7583 3.3', 'RFC 6840 5.11'],
  judge({ dns }) {
    const nothing = notLooked(dns);
    if (nothing !== null) return { outcome: 'not-applicable', because: nothing };
    const zones = (dns.dnssecDetail?.zones ?? []).map((zone, index) => ({ zone, index }));
    const judged = zones.filter(({ zone }) => isOwn(zone) && (zone.ds ?? []).length > 0);
    if (judged.length === 0) return { outcome: 'not-applicable', because: 'no DS record of the name’s zones was read' };
    return foundOrPass(judged.flatMap(({ zone, index }) => orphans(zone, index)));
  },
};

function orphans({ zone, ds = [], keys }: DnssecZoneEvidence, index: number): readonly Seen[] {
  const named = new Set(ds.filter(({ hasKey }) => hasKey).map(({ tag, algorithm }) => `${tag} ${algorithm}`));
  // Several digests of one key are one key.
  const lost = ds.filter(({ tag, algorithm, hasKey }) => !hasKey && !named.has(`${tag} ${algorithm}`));
  if (lost.length === 0) return [];
  const missing = lost.filter(
    ({ algorithm }) => isSupported(algorithm) && !keys.some((key) => key.algorithm === algorithm),
  );
  const algorithms = [...new Set(missing.map(({ algorithm }) => algorithmName(algorithm)))].join(' and ');
  const what = [
    'The parent of ',
    shown(zone),
    ` has DS records for ${keyWords(lost.map(({ tag }) => tag))}, which the zone does not publish`,
    algorithms === '' ? '.' : `; it has no ${algorithms} key at all.`,
  ];
  return [
    {
      what,
      // RFC 4035 2.2 wants the keys signed by each algorithm of the DS set, and strict validators insist.
      ...(algorithms === ''
        ? {}
        : {
            severity: 'warning' as const,
            soWhat: 'Validators that insist on every algorithm of the DS records answer SERVFAIL.',
          }),
      evidence: [pointer('evidence', 'dns', 'dnssecDetail', 'zones', index, 'ds')],
    },
  ];
}
