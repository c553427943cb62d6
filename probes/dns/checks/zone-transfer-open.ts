// Owns the check that no name server gives the whole zone to strangers. Only where the user had them asked.
import { type Check, foundOrPass, type Judged } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { dig, isOurs, leafZone } from '../derive.ts';
import type { DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const zoneTransferOpen: Check<DnsFacts, DnsPolicy> = {
  id: 'zone-transfer-open',
  needs: ['dns'],
  severity: 'warning',
  title: 'A name server gives the whole zone away',
  soWhat:
    'Anybody can list every host of the zone, the ones meant for insiders too, and make the server send large answers.',
  nowWhat: [{ kind: 'change', text: ['Allow transfers to the secondaries only, best with a TSIG key.'] }],
  sources: ['RFC 5936 6', 'RFC 8945'],
  judge({ dns }): Judged {
    const transfers = dns.safety?.transfers;
    if (transfers === undefined) return { outcome: 'not-applicable', because: 'asked only with --axfr' };
    const zone = leafZone(dns)?.zone ?? dns.canonicalName;
    const seen = transfers.flatMap(({ server, address, state, recordsSeen }, index) => {
      if (state !== 'open') return [];
      return {
        what: [
          'Name server ',
          server,
          ` (${address}) began to send the zone ${zone}: ${recordsSeen} records, then it was stopped from here.`,
        ],
        nowWhat: [...zoneTransferOpen.nowWhat, dig(address, dns.authorityPort, zone, 'AXFR')],
        evidence: [pointer('evidence', 'dns', 'safety', 'transfers', index)] as const,
      };
    });
    if (seen.length > 0) return foundOrPass(seen);
    const unknown = transfers.filter(
      ({ state, error }) => state === 'failed' && (isOurs(error) || error === 'dns-timeout'),
    );
    if (transfers.length === 0) return { outcome: 'not-judged', because: 'no name server of the zone was found' };
    if (unknown.length > 0) {
      return {
        outcome: 'not-judged',
        because: `${unknown.length} of ${transfers.length} name servers could not be asked`,
      };
    }
    return { outcome: 'pass' };
  },
};
