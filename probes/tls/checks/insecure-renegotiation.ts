// Owns the check for servers that do not tie a renegotiation to the connection before it.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { answering, isNewestOnly, nothingAsked, notTold } from '../posture-derive.ts';
import { protocolWords } from '../posture-words.ts';

export const insecureRenegotiation: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'insecure-renegotiation',
  needs: ['tls'],
  severity: 'warning',
  title: 'No secure renegotiation',
  soWhat:
    'An attacker can put bytes of his own in front of what a client sends; OpenSSL 3 refuses such servers by default when they renegotiate.',
  nowWhat: [
    { kind: 'change', text: ['Bring the TLS library of this endpoint up to date: all since 2010 know RFC 5746.'] },
  ],
  sources: ['RFC 5746', 'RFC 9325 3.5'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const asked = answering(tls);
    const told = asked.filter(({ asked: one }) => one.traits !== null);
    const [first] = asked;
    if (told.length === 0 && first !== undefined) {
      if (asked.every(({ asked: one }) => isNewestOnly(one)))
        return { outcome: 'not-applicable', because: 'TLS 1.3 has no renegotiation' };
      return notTold('what it says of renegotiation', first.asked);
    }
    return foundOrPass(
      told.flatMap(({ asked: { endpoint, traits }, at }): readonly Seen[] => {
        if (traits === null || traits.secureRenegotiation) return [];
        const what = [`In ${protocolWords(traits.protocol)} the server does not answer renegotiation_info.`];
        return [{ what, endpoint, evidence: [at] }];
      }),
    );
  },
};
