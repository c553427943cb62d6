// Owns the check for a missing intermediate, which browsers hide by fetching it themselves.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { Step } from '../../../src/model/finding.ts';
import { chainsIn, foundOrSeen, nothingToJudge, showChain, trustSeverity } from '../derive.ts';
import type { TlsChain, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const chainIncomplete: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'chain-incomplete',
  needs: ['tls'],
  severity: 'critical',
  title: 'Intermediate not sent',
  soWhat:
    'Programs, phones and curl refuse the endpoint, while browsers that fetch or remember the missing certificate show nothing.',
  nowWhat: [{ kind: 'change', text: ['Serve the intermediates after the certificate (fullchain), leaf first.'] }],
  sources: ['RFC 8446 4.4.2', 'RFC 5246 7.4.2', 'RFC 5280 4.2.2.1'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap(({ endpoint, chain, at }): readonly Seen[] => {
      const { shape } = chain;
      if (shape?.missingIntermediate !== true) return [];
      const where = shape.aiaUrl === null ? [] : [' The certificate says where it is: ', shape.aiaUrl, '.'];
      const elsewhere = shape.missingSeenAs === null ? '' : ' Another endpoint does send it.';
      return [
        {
          what: [
            'The intermediate ',
            shape.missingIssuer ?? 'above the last certificate',
            ` is not sent.${elsewhere}`,
            ...where,
          ],
          endpoint,
          ...trustSeverity(given.policy),
          nowWhat: [...chainIncomplete.nowWhat, ...ownRoot(shape), showChain(endpoint, given.target)],
          evidence: [at],
        },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};

/** A certificate signed by a private root itself looks the same, unless something shows that there is an intermediate. */
function ownRoot({ missingIssuer, missingSeenAs, aiaUrl }: NonNullable<TlsChain['shape']>): readonly Step[] {
  if (missingIssuer === null || missingSeenAs !== null || aiaUrl !== null) return [];
  return [{ kind: 'change', text: ['If ', missingIssuer, ' is a root of your own, name it with --ca-file.'] }];
}
