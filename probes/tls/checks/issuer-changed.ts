// Owns the check for a renewal that changed more than the dates: issuer, root, key type or purposes.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { minuteOf } from '../../../src/x509/instant.ts';
import { certificateAt, foundOrCompared, notComparable } from '../derive.ts';
import type { TlsCertificate, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { currentReplacements, earlierCertificateAt } from '../over-time.ts';

export const issuerChanged: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'issuer-changed',
  needs: ['tls'],
  severity: 'notice',
  title: 'Renewed by another issuer, or for another use',
  soWhat: 'Callers with old or pinned roots, and those that use the certificate as clients, may refuse it.',
  nowWhat: [{ kind: 'change', text: ['Make sure that the change was meant, and that pinned callers know of it.'] }],
  sources: ['RFC 5280 4.1.2.4', 'RFC 5280 4.2.1.12'],
  judge({ tls }, given) {
    const nothing = notComparable(tls, given);
    if (nothing !== null) return nothing;
    const replaced = currentReplacements(tls);
    const seen = replaced.flatMap((one): readonly Seen[] => {
      const parts = [
        ...one.changes.map(({ what, from, to }) => `its ${what} is ${to} instead of ${from}`),
        ...(one.rootChanged ? ['its path ends in another root'] : []),
      ];
      if (parts.length === 0) return [];
      return [
        {
          what: [`The certificate that came since ${minuteOf(one.at)} is of another kind: ${parts.join(', ')}.`],
          endpoint: one.endpoint,
          evidence: [certificateAt(one.toFingerprint), earlierCertificateAt(one)],
        },
      ];
    });
    const isUnread = ({ issuer, keyType }: TlsCertificate) => issuer === null || keyType === null;
    const unread = replaced.filter(({ from, to }) => isUnread(from) || isUnread(to)).length;
    return foundOrCompared(foundOrPass(seen), unread, 'issuer or key', tls);
  },
};
