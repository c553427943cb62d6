// Owns the check for signatures by hashes that can be forged.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { foundOrRead, nothingToJudge, seenOnPaths, unreadOnPaths } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

const WEAK = /md2|md4|md5|sha-?1(?![0-9])/i;

export const weakSignature: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'weak-signature',
  needs: ['tls'],
  severity: 'critical',
  title: 'Certificate signed with MD5 or SHA-1',
  soWhat: "Such signatures can be forged, and clients with today's defaults refuse them.",
  nowWhat: [{ kind: 'change', text: ['Have the certificate issued again with SHA-256 or better.'] }],
  sources: ['RFC 9155', 'RFC 6194', 'RFC 6151'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = seenOnPaths(tls, ({ signatureAlgorithm, selfSigned }) => {
      // Nobody relies on the signature of a self-signed root.
      const isWeak = signatureAlgorithm != null && !selfSigned && WEAK.test(signatureAlgorithm);
      return isWeak ? ` is signed with ${signatureAlgorithm}.` : null;
    });
    const unread = unreadOnPaths(
      tls,
      ({ signatureAlgorithm, selfSigned }) => signatureAlgorithm === null && !selfSigned,
    );
    return foundOrRead(foundOrPass(seen), unread, 'the signature algorithm', tls);
  },
};
