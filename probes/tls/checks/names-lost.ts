// Owns the check that a new certificate is still for every name of the one before.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { listing } from '../../../src/model/finding.ts';
import { minuteOf } from '../../../src/x509/instant.ts';
import { certificateAt, foundOrCompared, notComparable } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { currentReplacements, earlierCertificateAt } from '../over-time.ts';

export const namesLost: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'names-lost',
  needs: ['tls'],
  severity: 'warning',
  title: 'Renewed without some of its names',
  soWhat: 'Callers by those names are refused, if any still come here.',
  nowWhat: [{ kind: 'change', text: ['Add the names to the order, or take their records out of the zone.'] }],
  sources: ['RFC 9525 6'],
  judge({ tls }, given) {
    const nothing = notComparable(tls, given);
    if (nothing !== null) return nothing;
    const replaced = currentReplacements(tls);
    const seen = replaced.flatMap((one): readonly Seen[] => {
      if (one.namesLost === null || one.namesLost.length === 0) return [];
      const what = [
        'The certificate that came since ',
        minuteOf(one.at),
        ' is no longer for ',
        ...listing(one.namesLost, 6),
        '.',
      ];
      return [
        {
          what,
          endpoint: one.endpoint,
          evidence: [certificateAt(one.toFingerprint), earlierCertificateAt(one)],
        },
      ];
    });
    const unread = replaced.filter((one) => one.namesLost === null).length;
    return foundOrCompared(foundOrPass(seen), unread, 'all the names', tls);
  },
};
