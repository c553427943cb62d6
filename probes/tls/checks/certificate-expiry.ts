// Owns the check for server certificates that have expired or soon will.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { expiry } from '../../../src/x509/instant.ts';
import { lifeSeverity } from '../../../src/x509/life.ts';
import { certificateAt, chainsIn, foundOrRead, nothingToJudge, showChain } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

const KEY_NAMES: Readonly<Record<string, string>> = { rsa: 'RSA', ec: 'ECDSA' };
/** Browsers never meet it, nor does who looks by hand. */
const TWIN_SO_WHAT =
  'From that moment clients that get this one refuse the endpoint; those that get the certificate of the other key type notice nothing.';

export const certificateExpiry: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'certificate-expiry',
  needs: ['tls'],
  severity: 'critical',
  title: 'Certificate expired or about to',
  soWhat: 'From that moment every client refuses this endpoint.',
  nowWhat: [{ kind: 'change', text: ['Renew the certificate and deploy it here.'] }],
  sources: ['RFC 5280 4.1.2.5'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap(({ endpoint, chain, leaf, at, isTwin }): readonly Seen[] => {
      const [fingerprint = ''] = chain.chainSent;
      const severity = leaf === null ? null : lifeSeverity(leaf, given.policy, given.asOfMs);
      if (leaf?.notAfter == null || severity === null) return [];
      return [
        {
          what: [
            isTwin ? `The ${KEY_NAMES[leaf.keyType ?? ''] ?? 'other'} certificate of ` : 'The certificate of ',
            leaf.sans[0] ?? leaf.subject ?? 'no name',
            ` ${expiry(leaf.notAfter, given.asOfMs)}.`,
          ],
          endpoint,
          severity,
          ...(isTwin ? { soWhat: TWIN_SO_WHAT } : {}),
          nowWhat: [...certificateExpiry.nowWhat, showChain(endpoint, given.target, isTwin ? leaf.keyType : null)],
          evidence: [certificateAt(fingerprint), at],
        },
      ];
    });
    const unread = chainsIn(tls).filter(({ leaf }) => leaf?.notAfter == null).length;
    return foundOrRead(foundOrPass(seen), unread, 'the end of validity', tls);
  },
};
