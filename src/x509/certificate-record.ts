// Owns the step from a certificate read to its record. Reads no DER of its own, never judges.
import { hash } from 'node:crypto';
import type { CertificateRecord } from '../model/certificate-schema.ts';
import type { WireText } from '../model/text.ts';
import { type Certificate, loaded, readCertificate } from './certificate.ts';
import { nameText } from './distinguished-name.ts';
import { DAY_MS, unixMs } from './instant.ts';
import { isSelfSigned } from './issuance.ts';

const MAX_SANS = 100;
const MAX_PURPOSES = 16;

export interface RecordedCertificate {
  readonly certificate: Certificate;
  readonly record: CertificateRecord;
}

/** CA certificates that were read last, by fingerprint: a sweep meets the same few intermediates on thousands of chains. */
const recent = new Map<string, RecordedCertificate & { readonly startedAtMs: number }>();
const MAX_RECENT = 256;

/** Reads a certificate. @param startedAtMs Unix ms that `daysLeft` is counted from */
export function recordCertificate(der: Uint8Array, startedAtMs: number): RecordedCertificate {
  const fingerprint = hash('sha256', der);
  const before = recent.get(fingerprint);
  const read = before?.startedAtMs === startedAtMs ? before : { ...readRecord(der, startedAtMs), startedAtMs };
  if (!read.record.isCa) return read;
  // Behind all others: the first of a Map is the one that was not asked for the longest.
  recent.delete(fingerprint);
  recent.set(fingerprint, read);
  const [oldest] = recent.keys();
  if (recent.size > MAX_RECENT && oldest !== undefined) recent.delete(oldest);
  return read;
}

function readRecord(der: Uint8Array, startedAtMs: number): RecordedCertificate {
  const certificate = readCertificate(der);
  const { x509, parseError, key } = loaded(certificate);
  const { names, isCa, extendedKeyUsage, caIssuersUrls, ocspUrls } = certificate.extensions;
  const { subject, issuer, serialHex, signatureAlgorithm, spkiSha256 } = certificate;
  // An address is text of our own making, and is kept beside text that is not.
  const sans: readonly WireText[] = [...names.dns, ...names.ip.map((address) => address as unknown as WireText)];
  const record: CertificateRecord = {
    subject: subject === null ? null : nameText(subject.node),
    issuer: issuer === null ? null : nameText(issuer.node),
    serialHex,
    ...validityOf(certificate, startedAtMs),
    sans: sans.slice(0, MAX_SANS),
    sansTotal: names.total,
    ...{ keyType: key.type, keyBits: key.bits, curve: key.curve },
    signatureAlgorithm,
    selfSigned: x509 !== null && isSelfSigned(x509),
    isCa,
    extendedKeyUsage: extendedKeyUsage?.slice(0, MAX_PURPOSES) ?? null,
    spkiSha256,
    ...{ caIssuersUrls: [...caIssuersUrls], ocspUrls: [...ocspUrls], parseError },
  };
  return { certificate, record };
}

type Validity = Pick<CertificateRecord, 'notBefore' | 'notAfter' | 'lifetimeDays' | 'daysLeft'>;

function validityOf({ notBefore, notAfter }: Certificate, startedAtMs: number): Validity {
  const days = (ms: number): number => Math.round((ms / DAY_MS) * 100) / 100;
  return {
    ...{ notBefore, notAfter },
    lifetimeDays: notBefore === null || notAfter === null ? null : days(unixMs(notAfter) - unixMs(notBefore)),
    daysLeft: notAfter === null ? null : days(unixMs(notAfter) - startedAtMs),
  };
}
