// Owns the check for OCSP responders that give answers which have ended.
import type { Check } from '../../../src/contract/check.ts';
import { answersOutOfDate } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const ocspExpired: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'ocsp-expired',
  needs: ['tls'],
  severity: 'warning',
  title: 'OCSP answer out of date',
  soWhat:
    'Clients that check revocation refuse every certificate of the issuer, and no new revocation reaches the others.',
  nowWhat: [
    { kind: 'change', text: ['Renew it where the issuer runs, or tell the issuer: nothing on the server mends it.'] },
  ],
  sources: ['RFC 6960 3.2'],
  judge: ({ tls }, given) => answersOutOfDate('ocsp', tls, given),
};
