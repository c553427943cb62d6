// Owns the trusted roots, found by their subject. Reads each one once, and of OpenSSL's view only what a path asks for.
import { type Certificate, readCertificate } from './certificate.ts';

export interface TrustStore {
  /** Fingerprints. */
  has(fingerprint: string): boolean;
  /** Roots with this subject (`Name.key`). */
  named(subjectKey: string): readonly Certificate[];
}

export function trustStore(roots: readonly Uint8Array[]): TrustStore {
  return trustStoreOf(roots.map(readCertificate));
}

export function trustStoreOf(roots: readonly Certificate[]): TrustStore {
  const fingerprints = new Set(roots.map(({ fingerprint }) => fingerprint));
  const bySubject = Map.groupBy(roots, ({ subject }) => subject?.key ?? null);
  return {
    has: (fingerprint) => fingerprints.has(fingerprint),
    named: (subjectKey) => bySubject.get(subjectKey) ?? [],
  };
}
