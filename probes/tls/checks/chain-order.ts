// Owns the check for certificates sent in another order than each before its issuer.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { chainsIn, foundOrSeen, nothingToJudge } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const chainOrder: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'chain-order',
  needs: ['tls'],
  severity: 'notice',
  title: 'Certificates out of order',
  soWhat:
    'Most clients sort them; strict and small ones (lftp, embedded stacks, TLS 1.2 and older by the letter) do not.',
  nowWhat: [{ kind: 'change', text: ['Put the certificate first and each issuer after what it issued.'] }],
  sources: ['RFC 5246 7.4.2', 'RFC 8446 4.4.2'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap(({ endpoint, chain, at }): readonly Seen[] => {
      if (chain.shape?.ordered !== false) return [];
      const order = chain.chainSent.map((fingerprint) => tls.certificates[fingerprint]?.subject ?? 'unreadable');
      const listed = order.flatMap((subject, index) => (index === 0 ? [subject] : [' | ', subject]));
      return [
        { what: ['The certificates are not sent in the order of issue: ', ...listed, '.'], endpoint, evidence: [at] },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};
