// Owns the check that proofs of absence cost validators no more than they must.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { notLooked, shown } from '../dnssec-words.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const nsec3Iterations: Check<DnsFacts, DnsPolicy> = {
  id: 'nsec3-iterations',
  needs: ['dns'],
  severity: 'notice',
  title: 'NSEC3 with extra iterations',
  soWhat: 'They hide nothing, cost every validator work, and let it treat the zone as unsigned.',
  nowWhat: [{ kind: 'change', text: ['Sign with 0 iterations, and without a salt.'] }],
  sources: ['RFC 9276 3.1', 'RFC 9276 3.2'],
  judge({ dns }) {
    const nothing = notLooked(dns);
    if (nothing !== null) return { outcome: 'not-applicable', because: nothing };
    const zones = (dns.dnssecDetail?.zones ?? []).map((zone, index) => ({ ...zone, index }));
    const hashed = zones.filter((zone) => zone.nsec3Iterations !== null);
    if (hashed.length === 0) return { outcome: 'not-applicable', because: 'no NSEC3 record was seen' };
    return foundOrPass(
      hashed
        .filter(({ nsec3Iterations: count }) => (count ?? 0) > 0)
        .map(({ zone, nsec3Iterations: count, index }) => ({
          what: ['Zone ', shown(zone), ` hashes names ${count ?? 0} times more than needed in its NSEC3 records.`],
          evidence: [pointer('evidence', 'dns', 'dnssecDetail', 'zones', index)],
        })),
    );
  },
};
