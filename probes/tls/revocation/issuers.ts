// Owns the search for the certificate that signed another: among those of the ride, and the trusted roots. By signature, never by name alone.
import type { Certificate } from '../../../src/x509/certificate.ts';
import { isIssuedByKey } from '../../../src/x509/ocsp.ts';
import { trustStore } from '../../../src/x509/trust-store.ts';

/** Candidates of one name that are tried. */
const MAX_TRIED = 8;

export type IssuerOf = (certificate: Certificate) => Certificate | null;

/** Neither list is looked at before the first question. */
export function issuersAmong(sent: () => Iterable<Certificate>, roots: () => readonly Uint8Array[]): IssuerOf {
  let bySubject: ReadonlyMap<string | null, readonly Certificate[]> | null = null;
  const found = new Map<string, Certificate | null>();
  return (certificate) => {
    const before = found.get(certificate.fingerprint);
    if (before !== undefined) return before;
    const { issuer } = certificate;
    bySubject ??= Map.groupBy(sent(), ({ subject }) => subject?.key ?? null);
    const named = issuer === null ? [] : [...(bySubject.get(issuer.key) ?? []), ...trustStore(roots()).named(issuer)];
    const signer = named.slice(0, MAX_TRIED).find((candidate) => isIssuedByKey(certificate, candidate)) ?? null;
    found.set(certificate.fingerprint, signer);
    return signer;
  };
}
