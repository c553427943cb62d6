// Owns the check for certificates of which nobody could be got to say whether they are revoked: what most clients take for "good".
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { certificateAt, foundOrSeen } from '../derive.ts';
import { answersIn, called, endpointsWith, outOfDate, type PlacedAnswer, revocationIn } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

/** CA/Browser Forum BR 1.6.1 and 7.1.2.11: short-lived certificates need name nobody (since March 2026 of at most 7 days). */
const SHORT_LIVED_DAYS = 10;

export const revocationUnknown: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'revocation-unknown',
  needs: ['tls'],
  severity: 'notice',
  title: 'Revocation not known',
  soWhat: 'Clients that insist on an answer refuse the endpoint; all others would not notice a revocation.',
  nowWhat: [{ kind: 'change', text: ['Ask again later, and from another network; tell the issuer when it stays so.'] }],
  sources: ['RFC 5280 6.3', 'RFC 6960 2.7'],
  judge({ tls }, given) {
    const { nothing, revocation } = revocationIn(tls, given);
    if (nothing !== null) return nothing;
    if (revocation.asked === undefined) {
      return { outcome: 'not-applicable', because: 'nobody was asked (--revocation asks)' };
    }
    const byCertificate = Map.groupBy(answersIn(revocation), ({ asked }) => asked.certificate);
    const seen = [...byCertificate].flatMap(([fingerprint, answers]): readonly Seen[] => {
      const certificate = tls.certificates[fingerprint];
      if (answers.some((answer) => isKnown(answer, given.asOfMs))) return [];
      const days = certificate?.lifetimeDays ?? null;
      const isSilent = answers.every(({ asked }) => asked.method === 'none');
      if (isSilent && days !== null && days <= SHORT_LIVED_DAYS) return [];
      const reasons = [...new Set(answers.map((answer) => reasonOf(answer, given.asOfMs)))].join('; ');
      const what = ['Whether the certificate ', called(certificate), ` is revoked is not known: ${reasons}.`];
      const evidence: Seen['evidence'] = [certificateAt(fingerprint), ...answers.map(({ at }) => at)];
      return endpointsWith(tls, fingerprint).map((endpoint) => ({ what, endpoint, evidence }));
    });
    const found = foundOrPass(seen);
    const { askedLeftOut = 0 } = revocation;
    if (found.outcome === 'pass' && askedLeftOut > 0) {
      return { outcome: 'not-judged', because: `${askedLeftOut} certificates were not asked about: too many` };
    }
    return foundOrSeen(found, tls);
  },
};

function isKnown({ asked }: PlacedAnswer, asOfMs: number): boolean {
  if (asked.because !== null) return false;
  return asked.status === 'revoked' || (asked.status === 'good' && outOfDate(asked, asOfMs) === null);
}

function reasonOf({ asked }: PlacedAnswer, asOfMs: number): string {
  const who = { ocsp: 'OCSP: ', crl: 'revocation list: ', none: '' }[asked.method];
  const late = outOfDate(asked, asOfMs);
  if (asked.because !== null) return `${who}${asked.because}`;
  return `${who}${asked.status === 'unknown' ? 'the responder does not know it' : `the answer ${late ?? 'says nothing'}`}`;
}
