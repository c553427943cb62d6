// Owns the check for certificates that are not for the name that was asked.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { certificateAt, chainsIn, foundOrSeen, nothingToJudge, showChain, trustSeverity } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

/** Names quoted of a certificate that has many. */
const QUOTED = 5;

export const hostnameMismatch: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'hostname-mismatch',
  needs: ['tls'],
  severity: 'critical',
  title: 'Certificate for another name',
  soWhat: 'Every client refuses the endpoint for this name.',
  nowWhat: [{ kind: 'change', text: ['Serve the certificate of this name here, or add the name to the certificate.'] }],
  sources: ['RFC 9525 6', 'RFC 6066 3'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap(({ endpoint, chain, leaf, at }): readonly Seen[] => {
      if (chain.hostnameMatches !== false || leaf === null) return [];
      const names = leaf.sans.slice(0, QUOTED).flatMap((name, index) => (index === 0 ? [name] : [', ', name]));
      const unquoted = leaf.sansTotal - Math.min(leaf.sans.length, QUOTED);
      const more = unquoted > 0 ? ` and ${unquoted} more` : '';
      const held = names.length === 0 ? ['no host at all (subjectAltName has none)'] : [...names, more];
      return [
        {
          what: [`The certificate is not for ${given.target.host}; it is for `, ...held, '.'],
          endpoint,
          ...trustSeverity(given.policy),
          nowWhat: [...hostnameMismatch.nowWhat, showChain(endpoint, given.target)],
          evidence: [certificateAt(chain.chainSent[0] ?? ''), at],
        },
      ];
    });
    const unread = chainsIn(tls).some(({ chain }) => chain.hostnameMatches === null);
    if (seen.length === 0 && unread)
      return { outcome: 'not-judged', because: 'the names of a certificate cannot be read' };
    return foundOrSeen(foundOrPass(seen), tls);
  },
};
