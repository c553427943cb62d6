// Owns the step from an OCSP response or a revocation list to what the record says of one certificate. Pure; judges no times.
import type { Certificate } from '../../../src/x509/certificate.ts';
import { type Crl, findRevoked, isCrlSignedBy, outOfScope } from '../../../src/x509/crl.ts';
import { type OcspResponse, signerOf, singleFor } from '../../../src/x509/ocsp.ts';
import type { SignedCertificateTimestamp } from '../../../src/x509/sct.ts';
import type { SctRecord, Statement } from '../evidence-revocation.ts';

const NOTHING: Statement = {
  ...{ status: null, because: null, unchecked: false, signedBy: null, thisUpdate: null, nextUpdate: null },
  ...{ revokedAt: null, reason: null },
};

/** Nothing was said, for this reason. */
export function silent(because: string): Statement {
  return { ...NOTHING, because };
}

const NO_ISSUER = 'the certificate of its issuer is not known here, so that nothing signed by it can be checked';

/** @param issuer null when it is not known @param atMs Unix ms that a delegated responder must be valid at */
export function fromOcsp(
  response: OcspResponse | null,
  certificate: Certificate,
  issuer: Certificate | null,
  atMs: number,
): Statement {
  if (response === null) return silent('it is no OCSP response');
  const { basic, responseStatus } = response;
  if (basic === null) return silent(`the responder answered "${responseStatus}"`);
  const [first] = basic.singles;
  if (issuer === null) {
    // Without the issuer's key not even its hash can be compared: the serial number is all there is.
    const same = basic.singles.find(({ serialHex }) => serialHex === certificate.serialHex);
    if (same === undefined) return { ...NOTHING, because: 'it is about another certificate' };
    return { ...NOTHING, ...told(same), because: NO_ISSUER, unchecked: true };
  }
  const single = singleFor(basic, certificate, issuer);
  if (single === null || first === undefined) return silent('it is about another certificate');
  const signer = signerOf(basic, issuer, atMs);
  return { ...NOTHING, ...told(single), because: signer.because, signedBy: signer.by };
}

function told(
  single: Omit<Statement, 'because' | 'unchecked' | 'signedBy'>,
): Omit<Statement, 'because' | 'unchecked' | 'signedBy'> {
  const { status, thisUpdate, nextUpdate, revokedAt, reason } = single;
  return { status, thisUpdate, nextUpdate, revokedAt, reason };
}

const checked = new WeakMap<Crl, Map<string, boolean>>();

/** The signature of a list is checked once for each issuer: it takes as long as the list is long. */
function isSigned(crl: Crl, issuer: Certificate): boolean {
  const known = checked.get(crl) ?? new Map<string, boolean>();
  checked.set(crl, known);
  const before = known.get(issuer.fingerprint);
  if (before !== undefined) return before;
  const answer = isCrlSignedBy(crl, issuer);
  known.set(issuer.fingerprint, answer);
  return answer;
}

export function fromCrl(crl: Crl | null, certificate: Certificate, issuer: Certificate | null): Statement {
  if (crl === null) return silent('it is no revocation list, or larger than 64 MiB');
  const times = { thisUpdate: crl.thisUpdate, nextUpdate: crl.nextUpdate };
  const outside = outOfScope(crl, certificate);
  if (outside !== null) return { ...NOTHING, ...times, because: outside };
  if (issuer === null) return { ...NOTHING, ...times, because: NO_ISSUER, unchecked: true };
  if (!isSigned(crl, issuer)) return { ...NOTHING, ...times, because: 'its signature is not of the issuer' };
  const entry = findRevoked(crl, certificate.serialHex);
  if (entry === undefined) return { ...NOTHING, ...times, because: 'its entries cannot be read' };
  // An entry that takes a certificate off the list again stands in changes to a list only (RFC 5280 5.3.1).
  const status = entry === null || entry.reason === 'removeFromCRL' ? 'good' : 'revoked';
  return {
    ...{ ...NOTHING, ...times, status, signedBy: 'issuer' },
    ...(status === 'good' || entry === null ? {} : entry),
  };
}

export function recordScts(scts: readonly SignedCertificateTimestamp[]): SctRecord[] {
  return scts.map(({ logId, timestampMs, version }) => ({
    ...{ logId, version },
    // The last moment that a Date can hold; RFC 3339 ends with the year 9999.
    timestamp: timestampMs <= 253_402_300_799_999 ? new Date(timestampMs).toISOString() : null,
  }));
}
