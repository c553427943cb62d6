// Owns the check for intermediates on the path that have expired or soon will.
import { type Check, foundOrPass, type Given, type Seen } from '../../../src/contract/check.ts';
import { expiry, minuteOf, unixMs } from '../../../src/x509/instant.ts';
import { lifeSeverity } from '../../../src/x509/life.ts';
import {
  certificateAt,
  chainsIn,
  foundOrRead,
  nothingToJudge,
  type PlacedChain,
  showChain,
  unreadOnPaths,
} from '../derive.ts';
import type { TlsChain, TlsEvidence } from '../evidence.ts';
import { deathOf } from '../first-death.ts';
import type { TlsPolicy } from '../options.ts';

export const intermediateExpiry: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'intermediate-expiry',
  needs: ['tls'],
  severity: 'critical',
  title: 'Intermediate or root expired or about to',
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
                : ` Clients that try other paths find one without it, until ${minuteOf(around.endsAt)}; those that only follow the order sent do not.`,
            ],
            endpoint,
            // A cross-signed twin is often sent for old clients only, and ends before the other: to alarm then is the classic mistake.
            severity: around === null ? severity : 'notice',
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
    const roots = chainsIn(tls).flatMap((placed) => dyingRoot(placed, tls, given));
    return foundOrRead(foundOrPass([...seen, ...roots]), unread, 'the end of validity', tls);
  },
};

/** The trusted root that every path ends in, when it ends first. Only our own verdict knows which one that is. */
function dyingRoot({ chain, endpoint, at }: PlacedChain, tls: TlsEvidence, given: Given<TlsPolicy>): readonly Seen[] {
  const death = deathOf(chain, tls);
  if (death?.part !== 'root') return [];
  const severity = lifeSeverity({ notAfter: death.at, lifetimeDays: null }, given.policy, given.asOfMs);
  if (severity === null) return [];
  const name = death.subject ?? death.by.slice(0, 12);
  return [
    {
      what: ['The trusted root of every path that holds, ', name, `, ${expiry(death.at, given.asOfMs)}.`],
      endpoint,
      severity,
      nowWhat: [{ kind: 'change', text: ['Have the certificate issued below a root that lives on.'] }],
      evidence: [at],
    },
  ];
}

/** A path of our verdict that holds without this certificate, and for longer; null when OpenSSL, which must find it too, does not. */
function pathAround({ verdict, trusted }: TlsChain, fingerprint: string, notAfter: string) {
  const paths = trusted === true ? (verdict?.paths ?? []) : [];
  return (
    paths.find(
      ({ certificates, endsAt }) => !certificates.includes(fingerprint) && unixMs(endsAt) > unixMs(notAfter),
    ) ?? null
  );
}
