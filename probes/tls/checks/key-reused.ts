// Owns the check for a key that outlived its certificates.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { span, unixMs } from '../../../src/x509/instant.ts';
import { certificateAt, foundOrCompared, notComparable } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { currentReplacements, earlierCertificateAt, keySince } from '../over-time.ts';

/** As long as a certificate could live when that was first limited (CABF BR 6.3.2). Ms. */
const OLD_MS = 398 * 86_400_000;

export const keyReused: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'key-reused',
  needs: ['tls'],
  severity: 'notice',
  title: 'Renewed with a key of more than 398 days',
  soWhat: 'Whoever got hold of the key once can go on impersonating the service after every renewal.',
  nowWhat: [
    { kind: 'change', text: ['Let the next renewal make a new key, unless pins or TLSA records hold this one.'] },
  ],
  sources: ['NIST SP 800-57 part 1, 5.3.6'],
  judge({ tls }, given) {
    const nothing = notComparable(tls, given);
    if (nothing !== null) return nothing;
    const replaced = currentReplacements(tls);
    const seen = replaced.flatMap((one): readonly Seen[] => {
      const { since } = keySince(tls, one.to.spkiSha256);
      if (one.keyReused !== true || since === null || given.asOfMs - unixMs(since) <= OLD_MS) return [];
      const age = span(given.asOfMs - unixMs(since));
      return [
        {
          what: [
            `The certificate is new, its key is not: it has been in use for ${age}, since ${since.slice(0, 10)} or before.`,
          ],
          endpoint: one.endpoint,
          evidence: [certificateAt(one.toFingerprint), earlierCertificateAt(one)],
        },
      ];
    });
    const unread = replaced.filter(
      ({ keyReused: same, to }) => same === null || (same && !keySince(tls, to.spkiSha256).isSure),
    ).length;
    return foundOrCompared(foundOrPass(seen), unread, 'the key', tls);
  },
};
