// Owns reading the certificates as the server sent them, in that order. Never judges them.

import type { X509Certificate } from 'node:crypto';
import { hash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Fingerprint } from '../../model/trace.ts';

/** More certificates, or more bytes, than any honest chain has. OpenSSL itself refuses a message over 100 KiB. */
const MAX_CERTIFICATES = 20;
const MAX_BYTES = 262_144;

export interface SentChain {
  readonly fingerprints: readonly Fingerprint[];
  readonly certificates: ReadonlyMap<Fingerprint, Uint8Array>;
  /** What OpenSSL made of them in the handshake. */
  readonly opened: ReadonlyMap<Fingerprint, X509Certificate>;
}

export const NO_CHAIN: SentChain = { fingerprints: [], certificates: new Map(), opened: new Map() };

/**
 * `getPeerX509Certificate()`, then `issuerCertificate` again and again, is the list as sent, duplicates and strangers included;
 * `getPeerCertificate(true)` is not: it re-links by issuer and adds roots of ours. Undocumented, hence `walkIsAsSent()`.
 * The call consumes the list on Node before 26.9: call it once a connection.
 */
export function walkChain(socket: TLSSocket): SentChain {
  const fingerprints: Fingerprint[] = [];
  const certificates = new Map<Fingerprint, Uint8Array>();
  const opened = new Map<Fingerprint, X509Certificate>();
  let bytes = 0;
  let at: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (at !== undefined && fingerprints.length < MAX_CERTIFICATES && bytes < MAX_BYTES) {
    const der = at.raw;
    bytes += der.byteLength;
    const fingerprint = fingerprintOf(der);
    fingerprints.push(fingerprint);
    if (!certificates.has(fingerprint)) {
      const kept = new Uint8Array(der);
      certificates.set(fingerprint, kept);
      opened.set(fingerprint, at);
    }
    at = at.issuerCertificate;
  }
  return { fingerprints, certificates, opened };
}

export function fingerprintOf(der: Uint8Array): Fingerprint {
  return hash('sha256', der);
}
