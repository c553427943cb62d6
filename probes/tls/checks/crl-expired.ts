// Owns the check for revocation lists that their issuer did not renew in time.
import type { Check } from '../../../src/contract/check.ts';
import { answersOutOfDate } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const crlExpired: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'crl-expired',
  needs: ['tls'],
  severity: 'warning',
  title: 'Revocation list out of date',
  soWhat:
    'Clients that check revocation refuse every certificate of the issuer, and no new revocation reaches the others.',
  nowWhat: [
    { kind: 'change', text: ['Renew it where the issuer runs, or tell the issuer: nothing on the server mends it.'] },
  ],
  sources: ['RFC 5280 5.1.2.5'],
  judge: ({ tls }, given) => answersOutOfDate('crl', tls, given),
};
