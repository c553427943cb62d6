// Owns the check for certificates that promise a stapled OCSP response, and servers that do not send one.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { certificateAt, foundOrSeen } from '../derive.ts';
import { called, isStapled, revocationIn, staplesIn } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const mustStapleMissing: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'must-staple-missing',
  needs: ['tls'],
  severity: 'critical',
  title: 'Promised OCSP response not stapled',
  soWhat:
    'The certificate says that a handshake without a staple is forged: clients that honour it refuse the endpoint.',
  nowWhat: [
    { kind: 'change', text: ['Switch on OCSP stapling here, or have a certificate issued without "must staple".'] },
  ],
  sources: ['RFC 7633 4.2.3.1'],
  judge({ tls }, given) {
    const { nothing, revocation } = revocationIn(tls, given);
    if (nothing !== null) return nothing;
    const promised = staplesIn(revocation).filter(({ mustStaple }) => mustStaple);
    if (promised.length === 0)
      return { outcome: 'not-applicable', because: 'no certificate promises a stapled response' };
    const seen = promised.flatMap(({ staple, at }): readonly Seen[] => {
      if (isStapled(staple)) return [];
      const { endpoint, leaf, handshakes } = staple;
      // Servers that fetch the response after the first handshake send it from the second on.
      const stapled = promised.filter(
        ({ staple: one }) => one.endpoint === endpoint && one.leaf === leaf && isStapled(one),
      );
      const others = stapled.reduce((sum, { staple: one }) => sum + one.handshakes, 0);
      const times = others === 0 ? 'in no handshake' : `missing in ${handshakes} of ${handshakes + others} handshakes`;
      return [
        {
          what: [
            'The certificate of ',
            called(tls.certificates[leaf]),
            ` promises a stapled OCSP response, which is ${times}.`,
          ],
          endpoint,
          severity: others === 0 ? 'critical' : 'warning',
          evidence: [at, certificateAt(leaf)],
        },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};
