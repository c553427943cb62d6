// Owns the question "did this certificate issue that one?". Never builds a path on names alone: an impostor can carry the same name.
import type { X509Certificate } from 'node:crypto';
import { isSignedByKeyOf } from './signed-by.ts';

/** True when the names fit and the signature is the issuer's. False for keys and algorithms that OpenSSL cannot use. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && isSignedByKeyOf(certificate, issuer);
  } catch {
    return false;
  }
}

/** Names compared as written: checkIssued would also ask for keyCertSign, which a self-signed server certificate has no use for. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && isSignedByKeyOf(certificate, certificate);
  } catch {
    return false;
  }
}

/**
 * `isIssuedBy` by fingerprint, each pair checked once, at most `budget` pairs in all: a server that sends a new chain of look-alikes in
 * every handshake must not cost the prober more. Beyond the budget the answer is false.
 */
export function issuanceOf(
  certificates: ReadonlyMap<string, X509Certificate | null>,
  budget = 2000,
): (child: string, issuer: string) => boolean {
  const known = new Map<string, boolean>();
  let left = budget;
  return (child, issuer) => {
    const [below, above] = [certificates.get(child), certificates.get(issuer)];
    if (below == null || above == null || below.issuer !== above.subject) return false;
    const pair = `${child} ${issuer}`;
    const before = known.get(pair);
    if (before !== undefined) return before;
    if (left === 0) return false;
    left -= 1;
    const answer = isIssuedBy(below, above);
    known.set(pair, answer);
    return answer;
  };
}
