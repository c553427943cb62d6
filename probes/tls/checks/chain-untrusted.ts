// Owns the check for chains that lead to no trusted root, for a reason that no better check names.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { unixMs } from '../../../src/x509/instant.ts';
import { chainsIn, foundOrSeen, nothingToJudge, type PlacedChain, showChain, trustSeverity } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { timeErrors } from '../trust-words.ts';

export const chainUntrusted: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'chain-untrusted',
  needs: ['tls'],
  severity: 'critical',
  title: 'Chain not trusted',
  soWhat: 'Clients that trust what this ride trusts refuse the endpoint.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Serve a certificate of an issuer that the callers trust; for a private issuer name its root with --ca-file.',
      ],
    },
  ],
  sources: ['RFC 5280 6.1'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap((placed): readonly Seen[] => {
      const { chain, endpoint, leaf, at } = placed;
      if (chain.trustError === null || isExplained(placed, tls, given.asOfMs)) return [];
      return [
        {
          what: [
            'The chain is not trusted: ',
            chain.trustErrorSays ?? chain.trustError,
            '; issued by ',
            leaf?.issuer ?? 'nobody named',
            '.',
          ],
          endpoint,
          ...trustSeverity(given.policy),
          nowWhat: [...chainUntrusted.nowWhat, showChain(endpoint, given.target)],
          evidence: [at],
        },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};

/** Missing intermediates have their own check, and so has the validity of what was sent. */
function isExplained({ chain }: PlacedChain, tls: TlsEvidence, asOfMs: number): boolean {
  if (chain.shape?.missingIntermediate === true) return true;
  if (chain.trustError === null || !timeErrors.has(chain.trustError)) return false;
  return (chain.shape?.path ?? []).some((fingerprint, position) => {
    const { notBefore = null, notAfter = null, selfSigned = false } = tls.certificates[fingerprint] ?? {};
    if (notBefore !== null && unixMs(notBefore) > asOfMs) return true;
    // The expiry of a root that was sent is no other check's business.
    return notAfter !== null && unixMs(notAfter) < asOfMs && !(selfSigned && position > 0);
  });
}
