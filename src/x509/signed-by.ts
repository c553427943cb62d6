// Owns the question "did this key sign that certificate?", asked of OpenSSL once for each two: a sweep meets the same few issuers on
// thousands of chains, and shape, path and record all ask. Compares no names.
import type { X509Certificate } from 'node:crypto';

const answers = new WeakMap<X509Certificate, WeakMap<X509Certificate, boolean>>();

/** False for keys and algorithms that OpenSSL cannot use. */
export function isSignedByKeyOf(certificate: X509Certificate, issuer: X509Certificate): boolean {
  const known = answers.get(certificate) ?? new WeakMap<X509Certificate, boolean>();
  const before = known.get(issuer);
  if (before !== undefined) return before;
  const answer = verifies(certificate, issuer);
  answers.set(certificate, known.set(issuer, answer));
  return answer;
}

function verifies(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
