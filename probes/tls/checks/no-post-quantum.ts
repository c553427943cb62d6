// Owns the notice that keys are exchanged in no way that withstands a quantum computer. Once for the service.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { askedEverything, nothingAsked, notTold, offers } from '../posture-derive.ts';

export const noPostQuantum: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'no-post-quantum',
  needs: ['tls'],
  severity: 'notice',
  title: 'No post-quantum key exchange',
  soWhat:
    'What is recorded today can be read by who has a large quantum computer one day; it matters for what must stay secret for many years.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Offer X25519MLKEM768 where the endpoints end TLS (OpenSSL 3.5, BoringSSL, Go 1.24 and newer have it).'],
    },
  ],
  sources: ['draft-ietf-tls-ecdhe-mlkem', 'FIPS 203'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const one = askedEverything(tls);
    if (one === null) return { outcome: 'not-judged', because: 'no endpoint was asked for its groups' };
    if (offers(one.asked, 'TLSv1.3') === false) return { outcome: 'not-applicable', because: 'TLS 1.3 is not offered' };
    if (one.thorough.postQuantum === null) return notTold('which groups it takes', one.asked);
    if (one.thorough.postQuantum) return { outcome: 'pass' };
    const what = [`${one.asked.endpoint} takes no hybrid group with ML-KEM (X25519MLKEM768).`];
    return foundOrPass([{ what, evidence: [one.at] }]);
  },
};
