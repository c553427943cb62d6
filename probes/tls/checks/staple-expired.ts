// Owns the check for stapled OCSP responses that have ended, or that nobody renews while there is time.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { minuteOf, unixMs } from '../../../src/x509/instant.ts';
import { foundOrSeen } from '../derive.ts';
import { hasTimes, isStapled, outOfDate, revocationIn, staplesIn } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { Statement } from '../evidence-revocation.ts';
import type { TlsPolicy } from '../options.ts';

export const stapleExpired: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'staple-expired',
  needs: ['tls'],
  severity: 'warning',
  title: 'Stapled OCSP response not renewed',
  soWhat:
    'Clients that look at it refuse the endpoint or ask the issuer themselves; where the certificate promises a staple, they must refuse.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Find out why the server does not fetch a new response: it needs DNS, the way to the responder, and the issuer’s certificate.',
      ],
    },
  ],
  sources: ['RFC 6960 3.2', 'RFC 7633 4.2.3.1'],
  judge({ tls }, given) {
    const { nothing, revocation } = revocationIn(tls, given);
    if (nothing !== null) return nothing;
    const staples = staplesIn(revocation).filter(({ staple }) => isStapled(staple));
    if (staples.length === 0) return { outcome: 'not-applicable', because: 'no OCSP response is stapled' };
    const dated = staples.filter(({ staple: { statement } }) => statement !== null && hasTimes(statement));
    if (dated.length === 0) return { outcome: 'not-judged', because: 'no stapled response can be read' };
    const seen = dated.flatMap(({ staple: { statement, endpoint }, at, mustStaple }): readonly Seen[] => {
      if (statement === null) return [];
      const late = outOfDate(statement, given.asOfMs);
      if (late !== null) {
        const severity = mustStaple ? 'critical' : 'warning';
        return [{ what: [`The stapled OCSP response ${late}.`], endpoint, severity, evidence: [at] }];
      }
      const aged = pastHalf(statement, given.asOfMs);
      if (aged === null) return [];
      return [
        {
          what: [`The stapled OCSP response ${aged}.`],
          endpoint,
          severity: 'notice',
          soWhat: 'Servers renew it at half of its life; one that does not is found out when it ends.',
          evidence: [at],
        },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};

function pastHalf({ thisUpdate, nextUpdate }: Statement, asOfMs: number): string | null {
  if (thisUpdate === null || nextUpdate === null) return null;
  const [from, to] = [unixMs(thisUpdate), unixMs(nextUpdate)];
  if (asOfMs - from <= (to - from) / 2) return null;
  return `is past half of its life and was not renewed: made for ${minuteOf(thisUpdate)} to ${minuteOf(nextUpdate)}`;
}
