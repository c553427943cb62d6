// Owns the check for certificates on the path whose validity has not begun.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { minuteOf, unixMs } from '../../../src/x509/instant.ts';
import { foundOrRead, nothingToJudge, seenOnPaths, unreadOnPaths } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const certificateNotYetValid: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'certificate-not-yet-valid',
  needs: ['tls'],
  severity: 'critical',
  title: 'Certificate not valid yet',
  soWhat: 'Clients with the right time refuse this endpoint.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Deploy a certificate that is valid now; if it should be, compare the clocks of issuer, server and this machine.',
      ],
    },
  ],
  sources: ['RFC 5280 4.1.2.5'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = seenOnPaths(tls, ({ notBefore }) =>
      notBefore == null || unixMs(notBefore) <= given.asOfMs ? null : ` is valid only from ${minuteOf(notBefore)}.`,
    );
    const unread = unreadOnPaths(tls, ({ notBefore }) => notBefore === null);
    return foundOrRead(foundOrPass(seen), unread, 'the start of validity', tls);
  },
};
