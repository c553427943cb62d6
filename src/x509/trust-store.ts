// Owns the trusted roots, found by their subject. Reads each one once, and of OpenSSL's view only what a path asks for.
import { type Certificate, readCertificate } from './certificate.ts';

export interface TrustStore {
  /** Fingerprints. */
  has(fingerprint: string): boolean;
  /** Roots with this subject (`Name.key`). */
  named(subjectKey: string): readonly Certificate[];
}

const stores = new WeakMap<readonly Uint8Array[], TrustStore>();

/** The store of this very list, made once: reading a system's roots takes some milliseconds. */
export function trustStore(roots: readonly Uint8Array[]): TrustStore {
  const before = stores.get(roots);
  if (before !== undefined) return before;
  const store = trustStoreOf(roots.map(readCertificate));
  stores.set(roots, store);
  return store;
}

export function trustStoreOf(roots: readonly Certificate[]): TrustStore {
  const fingerprints = new Set(roots.map(({ fingerprint }) => fingerprint));
  const bySubject = Map.groupBy(roots, ({ subject }) => subject?.key ?? null);
  return {
    has: (fingerprint) => fingerprints.has(fingerprint),
    named: (subjectKey) => bySubject.get(subjectKey) ?? [],
  };
}
