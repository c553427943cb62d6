// Owns the check for stapled OCSP responses that say nothing good of the certificate they come with.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { foundOrSeen } from '../derive.ts';
import { isStapled, revocationIn, staplesIn } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { StapleRecord } from '../evidence-revocation.ts';
import type { TlsPolicy } from '../options.ts';

export const stapleWrong: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'staple-wrong',
  needs: ['tls'],
  severity: 'warning',
  title: 'Stapled OCSP response of no use',
  soWhat:
    'Clients that look at it refuse the endpoint, though the certificate is good; others never show that it is wrong.',
  nowWhat: [
    { kind: 'change', text: ['Staple the response for the certificate that is served, or switch stapling off.'] },
  ],
  sources: ['RFC 6960 3.2', 'RFC 6960 4.2.2.2', 'RFC 8446 4.4.2.1'],
  judge({ tls }, given) {
    const { nothing, revocation } = revocationIn(tls, given);
    if (nothing !== null) return nothing;
    const staples = staplesIn(revocation).filter(({ staple }) => isStapled(staple));
    if (staples.length === 0) return { outcome: 'not-applicable', because: 'no OCSP response is stapled' };
    const seen = staples.flatMap(({ staple, at, mustStaple }): readonly Seen[] => {
      const why = faultOf(staple);
      const severity = mustStaple ? 'critical' : 'warning';
      if (why === null) return [];
      return [
        {
          what: [`The stapled OCSP response is of no use: ${why}.`],
          endpoint: staple.endpoint,
          severity,
          evidence: [at],
        },
      ];
    });
    const unchecked = staples.filter(({ staple }) => staple.statement === null || staple.statement.unchecked).length;
    const found = foundOrPass(seen);
    if (found.outcome === 'pass' && unchecked > 0) {
      return {
        outcome: 'not-judged',
        because: `${unchecked} stapled responses cannot be checked: the issuer is not known`,
      };
    }
    return foundOrSeen(found, tls);
  },
};

function faultOf({ tooLarge, statement }: StapleRecord): string | null {
  if (tooLarge) return 'it is larger than 16 KiB';
  if (statement === null || statement.unchecked) return null;
  if (statement.because !== null) return statement.because;
  return statement.status === 'unknown' ? 'the responder does not know the certificate' : null;
}
