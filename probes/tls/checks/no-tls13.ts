// Owns the notice that TLS 1.3 is offered nowhere. That some endpoints lack it is the business of posture-differs.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { answering, nothingAsked, notTold, offers } from '../posture-derive.ts';

export const noTls13: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'no-tls13',
  needs: ['tls'],
  severity: 'notice',
  title: 'No TLS 1.3',
  soWhat:
    'Each new connection takes one round trip more, the certificate is sent in the clear, and post-quantum key exchange is out of reach.',
  nowWhat: [{ kind: 'change', text: ['Enable TLS 1.3 beside TLS 1.2 where the endpoints end TLS.'] }],
  sources: ['RFC 9325 3.1.1', 'RFC 8446'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const asked = answering(tls);
    const [first] = asked;
    if (first === undefined || asked.some(({ asked: one }) => offers(one, 'TLSv1.3') === true))
      return { outcome: 'pass' };
    if (asked.some(({ asked: one }) => offers(one, 'TLSv1.3') === null))
      return notTold('whether TLS 1.3 is offered', first.asked);
    const what = [
      asked.length === 1 ? 'The endpoint does not offer TLS 1.3.' : `None of ${asked.length} endpoints offers TLS 1.3.`,
    ];
    return foundOrPass([{ what, evidence: [first.at] }]);
  },
};
