// Owns the check for intermediates on the path that have expired or soon will.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { expiry, minuteOf, unixMs } from '../../../src/x509/instant.ts';
import { lifeSeverity } from '../../../src/x509/life.ts';
import { certificateAt, chainsIn, foundOrRead, nothingToJudge, showChain, unreadOnPaths } from '../derive.ts';
import type { TlsChain, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const intermediateExpiry: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'intermediate-expiry',
  needs: ['tls'],
  severity: 'critical',
  title: 'Intermediate expired or about to',
  soWhat: 'Clients that build their path through it refuse the endpoint, though the server certificate itself is fine.',
  nowWhat: [{ kind: 'change', text: ['Deploy the current intermediates of the issuer with the certificate.'] }],
  sources: ['RFC 5280 6.1.3'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap(({ endpoint, chain, at }) =>
      (chain.shape?.path ?? []).slice(1).flatMap((fingerprint): readonly Seen[] => {
        const certificate = tls.certificates[fingerprint];
        // A root that was sent is not what clients judge by: they have their own.
        if (certificate?.notAfter == null || certificate.selfSigned) return [];
        const severity = lifeSeverity(certificate, given.policy, given.asOfMs);
        if (severity === null) return [];
        const around = pathAround(chain, fingerprint, certificate.notAfter);
        return [
          {
            what: [
              'The intermediate ',
              certificate.subject ?? 'without a name',
              ` ${expiry(certificate.notAfter, given.asOfMs)}.`,
              around === null
                ? ''
                : ` Clients that try other paths find one without it, until ${minuteOf(around.endsAt)}.`,
            ],
            endpoint,
            // A cross-signed twin is often sent for old clients only, and ends before the other.
            severity: around === null ? severity : 'warning',
            nowWhat: [...intermediateExpiry.nowWhat, showChain(endpoint, given.target)],
            evidence: [certificateAt(fingerprint), at],
          },
        ];
      }),
    );
    const unread = unreadOnPaths(
      tls,
      ({ notAfter, selfSigned }, position) => position > 0 && notAfter === null && !selfSigned,
    );
    return foundOrRead(foundOrPass(seen), unread, 'the end of validity', tls);
  },
};

/** A path of our verdict that holds without this certificate, and for longer; null when OpenSSL, which must find it too, does not. */
function pathAround({ verdict, trusted }: TlsChain, fingerprint: string, notAfter: string) {
  const paths = trusted === true ? (verdict?.paths ?? []) : [];
  return (
    paths.find(
      ({ certificates, endsAt }) => !certificates.includes(fingerprint) && unixMs(endsAt) > unixMs(notAfter),
    ) ?? null
  );
}
