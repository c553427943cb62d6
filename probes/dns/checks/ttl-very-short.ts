// Owns the check that caches may keep the records at all.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

/** With 0 or 1 s no cache bridges even a lost packet. RFC 1912 2.2 calls 0 a way to defeat caching. */
const SHORTEST_USEFUL_SECONDS = 2;

export const ttlVeryShort: Check<DnsFacts, DnsPolicy> = {
  id: 'ttl-very-short',
  needs: ['dns'],
  severity: 'notice',
  title: 'A record is hardly cached',
  soWhat:
    'Almost every request waits for the zone’s name servers, and a short outage of theirs is an outage of the service.',
  nowWhat: [
    { kind: 'change', text: ['Raise the TTL to what a failover can bear, 30 to 60 s: caches then bridge a blink.'] },
  ],
  sources: ['RFC 1912 2.2', 'RFC 1035 3.2.1'],
  judge({ dns }) {
    const sets = new Map(dns.records.map((record, index) => [`${record.name} ${record.type}`, { record, index }]));
    // Issuers ask for CAA once a certificate, not for each request.
    const told = [...sets.values()].filter(
      ({ record }) => record.authoritativeTtlSeconds !== null && record.type !== 'CAA',
    );
    if (told.length === 0) return { outcome: 'not-judged', because: 'no name server told the TTL of a record' };
    const short = told.filter(({ record }) => (record.authoritativeTtlSeconds ?? 0) < SHORTEST_USEFUL_SECONDS);
    return foundOrPass(
      short.map(({ record: { name, type, authoritativeTtlSeconds }, index }) => ({
        what: [`The ${type} record of `, name, ` may be kept for ${authoritativeTtlSeconds ?? 0} s only.`],
        evidence: [pointer('evidence', 'dns', 'records', index)] as const,
      })),
    );
  },
};
