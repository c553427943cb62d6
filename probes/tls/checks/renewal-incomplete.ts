// Owns the check for endpoints that kept a certificate which others replaced since an earlier journey.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { expiry, minuteOf } from '../../../src/x509/instant.ts';
import { certificateAt, foundOrCompared, notComparable, showChain } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { overTime } from '../over-time.ts';

export const renewalIncomplete: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'renewal-incomplete',
  needs: ['tls'],
  severity: 'warning',
  title: 'Renewed elsewhere, not here',
  soWhat:
    'The renewal works and does not reach this endpoint, which will go on with the old certificate until it ends.',
  nowWhat: [{ kind: 'change', text: ['Deploy the new certificate here too, and reload what serves it.'] }],
  sources: ['RFC 8446 4.4.2.2'],
  judge({ tls }, given) {
    const nothing = notComparable(tls, given);
    if (nothing !== null) return nothing;
    const seen = (overTime(tls)?.stale ?? []).map(({ endpoint, leaf, replaced }): Seen => {
      const end = replaced.from.notAfter === null ? '' : `, which ${expiry(replaced.from.notAfter, given.asOfMs)}`;
      return {
        what: [
          `Still the certificate of ${minuteOf(replaced.at)}${end}; since then ${replaced.endpoint} has gone over to serial ${replaced.to.serialHex.slice(0, 40)}.`,
        ],
        endpoint,
        nowWhat: [...renewalIncomplete.nowWhat, showChain(endpoint, given.target)],
        evidence: [certificateAt(leaf), certificateAt(replaced.toFingerprint)],
      };
    });
    return foundOrCompared(foundOrPass(seen), overTime(tls)?.undated ?? 0, 'the beginning', tls);
  },
};
