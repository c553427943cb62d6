// Owns the step from DER to the record of one certificate. Never throws for what a stranger sent, never judges.
import { createHash, X509Certificate } from 'node:crypto';
import type { WireText } from '../../src/model/text.ts';
import { keyTypeName, signatureName } from './algorithms.ts';
import { binaryOf, children, content, contextTag, encoded, isSequence, type Node, readDer } from './der.ts';
import { nameText } from './distinguished-name.ts';
import type { TlsCertificate } from './evidence.ts';
import { type PresentedNames, readExtensions } from './extensions.ts';
import { DAY_MS, fromAsn1Time, unixMs } from './instant.ts';
import { isSelfSigned } from './issuance.ts';

const MAX_SANS = 100;

/** A certificate read: its record, all its names, and OpenSSL's view (null when OpenSSL cannot load it). */
export interface ReadCertificate {
  readonly record: TlsCertificate;
  readonly names: PresentedNames | null;
  readonly x509: X509Certificate | null;
}

/** Fields of TBSCertificate, RFC 5280 4.1. All undefined when the DER is no certificate. */
interface Fields {
  readonly serial: Node | undefined;
  readonly algorithm: Node | undefined;
  readonly issuer: Node | undefined;
  readonly validity: Node | undefined;
  readonly subject: Node | undefined;
  readonly keyInfo: Node | undefined;
  readonly extensions: Node | undefined;
}

/** Reads a certificate. @param startedAtMs Unix ms that `daysLeft` is counted from */
export function readCertificate(der: Uint8Array, startedAtMs: number): ReadCertificate {
  const fields = fieldsOf(readDer(binaryOf(der)));
  const { x509, parseError } = load(der);
  const extensions = fields.subject === undefined ? null : readExtensions(fields.extensions);
  const sans: readonly WireText[] = extensions === null ? [] : textNames(extensions.names);
  const record: TlsCertificate = {
    subject: isSequence(fields.subject) ? nameText(fields.subject) : null,
    issuer: isSequence(fields.issuer) ? nameText(fields.issuer) : null,
    serialHex: Buffer.from(content(fields.serial).slice(0, 64), 'latin1').toString('hex'),
    ...validityOf(fields.validity, startedAtMs),
    sans: [...sans],
    sansTotal: extensions?.names.total ?? 0,
    ...keyOf(x509, fields.keyInfo),
    signatureAlgorithm: signatureName(fields.algorithm),
    selfSigned: x509 !== null && isSelfSigned(x509),
    isCa: extensions?.isCa ?? false,
    spkiSha256: fields.keyInfo === undefined ? null : sha256(encoded(fields.keyInfo)),
    caIssuersUrls: [...(extensions?.caIssuersUrls ?? [])],
    ocspUrls: [...(extensions?.ocspUrls ?? [])],
    parseError,
  };
  return { record, names: extensions?.names ?? null, x509 };
}

function fieldsOf(certificate: Node | null): Fields {
  const tbs = children(children(certificate)[0]);
  // version is [0] EXPLICIT with a default, so it may be absent.
  const rest = tbs[0] !== undefined && contextTag(tbs[0]) === 0 ? tbs.slice(1) : tbs;
  const [serial, algorithm, issuer, validity, subject, keyInfo] = rest;
  const [extensions] = children(rest.slice(6).find((node) => contextTag(node) === 3));
  return { serial, algorithm, issuer, validity, subject, keyInfo, extensions };
}

function load(der: Uint8Array): { readonly x509: X509Certificate | null; readonly parseError: string | null } {
  try {
    return { x509: new X509Certificate(der), parseError: null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { x509: null, parseError: code.slice(0, 80) };
  }
}

function textNames(names: PresentedNames): readonly WireText[] {
  return [...names.dns, ...names.ip.map((address) => address as unknown as WireText)].slice(0, MAX_SANS);
}

type Validity = Pick<TlsCertificate, 'notBefore' | 'notAfter' | 'lifetimeDays' | 'daysLeft'>;

function validityOf(validity: Node | undefined, startedAtMs: number): Validity {
  const [from, to] = children(validity).map((time) => fromAsn1Time(content(time)));
  const days = (ms: number): number => Math.round((ms / DAY_MS) * 100) / 100;
  return {
    notBefore: from ?? null,
    notAfter: to ?? null,
    lifetimeDays: from == null || to == null ? null : days(unixMs(to) - unixMs(from)),
    daysLeft: to == null ? null : days(unixMs(to) - startedAtMs),
  };
}

function keyOf(x509: X509Certificate | null, keyInfo: Node | undefined) {
  try {
    const key = x509?.publicKey;
    const details = key?.asymmetricKeyDetails;
    return {
      keyType: key?.asymmetricKeyType ?? keyTypeName(keyInfo),
      keyBits: details?.modulusLength ?? curveBits(details?.namedCurve),
      curve: details?.namedCurve ?? null,
    };
  } catch {
    // OpenSSL loads certificates whose key it then refuses.
    return { keyType: keyTypeName(keyInfo), keyBits: null, curve: null };
  }
}

/** Bits of the field, SEC 2 and X9.62; the names are OpenSSL's. */
function curveBits(curve: string | undefined): number | null {
  const digits = /^(?:secp|sect|prime|brainpoolP)(\d{3})/.exec(curve ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
