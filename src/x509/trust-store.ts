// Owns the trusted roots, found by their subject. Of a system's hundreds it reads those that a path asks for.
import { createHash } from 'node:crypto';
import { type Certificate, type Name, readCertificate } from './certificate.ts';
import { encoded } from './der.ts';

export interface TrustStore {
  /** By fingerprint. */
  has(fingerprint: string): boolean;
  /** Roots with this subject. */
  named(name: Name): readonly Certificate[];
  /** Signatures that were checked and are good: those of a few intermediates come again on thousands of chains. */
  readonly verified: VerifiedSignatures;
}

/** Pairs of a certificate (fingerprint) and the key that signed it (SHA-256 of its SubjectPublicKeyInfo). */
export interface VerifiedSignatures {
  has(pair: string): boolean;
  add(pair: string): void;
}

/** What is kept of good signatures: an hour's sweep of other people's leaves must not fill the memory. */
const MAX_VERIFIED = 4096;

const stores = new WeakMap<readonly Uint8Array[], TrustStore>();

/** The store of this very list, made once. */
export function trustStore(roots: readonly Uint8Array[]): TrustStore {
  const before = stores.get(roots);
  if (before !== undefined) return before;
  const store = storeOf(roots.map((root) => Buffer.from(root.buffer, root.byteOffset, root.byteLength)));
  stores.set(roots, store);
  return store;
}

function storeOf(roots: readonly Buffer[]): TrustStore {
  let fingerprints: ReadonlySet<string> | null = null;
  let bySubject: ReadonlyMap<string | null, readonly Certificate[]> | null = null;
  const read = new Map<Buffer, Certificate>();
  const certificateOf = (root: Buffer): Certificate => {
    const certificate = read.get(root) ?? readCertificate(root);
    read.set(root, certificate);
    return certificate;
  };
  const bySameKey = (key: string): readonly Certificate[] => {
    bySubject ??= Map.groupBy(roots.map(certificateOf), ({ subject }) => subject?.key ?? null);
    return bySubject.get(key) ?? [];
  };
  const pairs = new Set<string>();
  return {
    verified: { has: (pair) => pairs.has(pair), add: (pair) => void (pairs.size < MAX_VERIFIED && pairs.add(pair)) },
    has(fingerprint) {
      fingerprints ??= new Set(roots.map((root) => createHash('sha256').update(root).digest('hex')));
      return fingerprints.has(fingerprint);
    },
    named({ node, key }) {
      // RFC 5280 4.1.2.6: the issuer is written as the subject was. Only when no root holds these very bytes are all of them read,
      // which takes ten times as long.
      const bytes = encoded(node);
      const written = roots.filter((root) => root.includes(bytes)).map(certificateOf);
      const named = written.filter(({ subject }) => subject?.key === key);
      return named.length > 0 ? named : bySameKey(key);
    },
  };
}
