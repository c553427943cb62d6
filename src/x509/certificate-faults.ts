// Owns what is wrong with one certificate in its place, for any path through it. Looks at no other certificate.
import { type Certificate, hasExplicitCurve, loaded } from './certificate.ts';
import { MAX_DER_BYTES } from './der.ts';
import { extension, keyUsageBit, usage } from './extensions.ts';
import type { Fault, FaultCode } from './fault.ts';
import { minuteOf, unixMs } from './instant.ts';

/** Where a certificate stands on a path. An anchor is trusted as it is: nobody relies on its signature. */
export type Place = 'leaf' | 'issuer' | 'anchor';
export type Purpose = 'serverAuth' | 'clientAuth';

export interface Occasion {
  /** Unix ms. */
  readonly atMs: number;
  readonly purpose: Purpose;
}

type Found = readonly [FaultCode, string | null];

/** Those that a program must be able to read to decide anything. */
const VITAL: ReadonlySet<string> = new Set([
  ...['', extension.subjectAltName, extension.basicConstraints, extension.keyUsage, extension.extendedKeyUsage],
  ...[extension.nameConstraints, extension.authorityKeyId, extension.subjectKeyId, extension.policyConstraints],
]);

/**
 * What may be critical, as OpenSSL has it: key identifiers and authority information access may not (RFC 5280 4.2.1.1, 4.2.1.2, 4.2.2.1).
 * Policies are accepted as they are: any policy will do (RFC 5280 6.1.1 c).
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...[extension.keyUsage, extension.extendedKeyUsage, extension.basicConstraints, extension.subjectAltName],
  ...[extension.nameConstraints, extension.crlDistributionPoints, extension.certificatePolicies],
  ...[extension.policyMappings, extension.policyConstraints, extension.inhibitAnyPolicy],
]);

/** Bits of a key below which it is weak: NIST SP 800-57 part 1, table 2; CABF BR 6.1.5. */
const LEAST_RSA_BITS = 2048;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const WEAK_SIGNATURE = /md2|md4|md5|sha-?1(?![0-9])/i;

export function certificateFaults(certificate: Certificate, place: Place, occasion: Occasion): readonly Fault[] {
  const found: readonly Found[] = [
    ...unreadable(certificate),
    ...outsideOfValidity(certificate, occasion.atMs),
    ...unknownCritical(certificate),
    ...weak(certificate, place),
    ...(place === 'leaf' ? [] : issuing(certificate, place)),
    ...purposeFaults(certificate, place, occasion.purpose),
  ];
  return found.map(([code, detail]) => ({ code, certificate: certificate.fingerprint, detail, about: null }));
}

function unreadable(certificate: Certificate): readonly Found[] {
  const { unread, extensions, sameAlgorithm, der } = certificate;
  if (der.byteLength > MAX_DER_BYTES) return [['malformed', `it is larger than ${MAX_DER_BYTES / 1024} KiB`]];
  const parts: readonly string[] = [
    ...unread.filter((part) => part !== 'extensions').map((part) => `its ${part} is malformed`),
    ...extensions.unreadable
      .filter((oid) => VITAL.has(oid))
      .map((oid) => `its extension ${oid || 'list'} is malformed`),
    ...extensions.duplicates.map((oid) => `its extension ${oid} comes twice`),
    ...(sameAlgorithm || unread.includes('certificate') ? [] : ['it names two signature algorithms']),
  ];
  const { parseError } = loaded(certificate);
  const openssl = parts.length === 0 && parseError !== null ? [`OpenSSL says ${parseError}`] : [];
  return [...parts, ...openssl].map((part) => ['malformed', part] as const);
}

function outsideOfValidity({ notBefore, notAfter }: Certificate, atMs: number): readonly Found[] {
  // RFC 5280 4.1.2.5: valid through notAfter, which is the whole of that second.
  if (notAfter !== null && Math.floor(atMs / 1000) > unixMs(notAfter) / 1000) {
    return [['expired', `on ${minuteOf(notAfter)}`]];
  }
  if (notBefore !== null && atMs < unixMs(notBefore)) return [['not-yet-valid', `only from ${minuteOf(notBefore)}`]];
  return [];
}

function unknownCritical({ extensions }: Certificate): readonly Found[] {
  return [...extensions.critical]
    .filter(([oid, critical]) => critical && !UNDERSTOOD.has(oid))
    .map(([oid]) => ['unknown-critical-extension', oid] as const);
}

function weak(certificate: Certificate, place: Place): readonly Found[] {
  const { signatureAlgorithm } = certificate;
  const key = weaknessOf(certificate);
  const signed = place !== 'anchor' && signatureAlgorithm !== null && WEAK_SIGNATURE.test(signatureAlgorithm);
  return [
    ...(signed ? [['weak-signature', signatureAlgorithm] as const] : []),
    ...(key === null ? [] : [['weak-key', key] as const]),
  ];
}

function weaknessOf(certificate: Certificate): string | null {
  const { type, bits, curve } = loaded(certificate).key;
  switch (type) {
    case 'rsa':
    case 'rsa-pss':
      return bits !== null && bits < LEAST_RSA_BITS ? `RSA of ${bits} bits` : null;
    case 'dsa':
      return 'DSA';
    case 'ec':
      if (hasExplicitCurve(certificate)) return 'a curve that is spelled out instead of named';
      return curve === null || CURVES.has(curve) ? null : `the curve ${curve}`;
    default:
      return null;
  }
}

function issuing({ extensions }: Certificate, place: Place): readonly Found[] {
  const { basic, keyUsage } = extensions;
  const signs = keyUsage === null || keyUsage.has(keyUsageBit.keyCertSign);
  // A root of the first days says nothing of itself; that it is trusted has been decided elsewhere.
  const isCa = basic === null ? place === 'anchor' : basic.ca;
  return [
    ...(isCa ? [] : [['not-a-ca', null] as const]),
    ...(signs ? [] : [['wrong-key-usage', 'it may not sign certificates'] as const]),
  ];
}

/** RFC 5280 4.2.1.12; on issuers the usages limit what is beneath, as everywhere in the field. */
function purposeFaults({ extensions }: Certificate, place: Place, purpose: Purpose): readonly Found[] {
  const { extendedKeyUsage, keyUsage } = extensions;
  const meant = extendedKeyUsage === null || [usage.any, usage[purpose]].some((oid) => extendedKeyUsage.includes(oid));
  const { digitalSignature, keyEncipherment, keyAgreement } = keyUsageBit;
  const usable =
    place !== 'leaf' ||
    extensions.isCa ||
    keyUsage === null ||
    [digitalSignature, ...(purpose === 'serverAuth' ? [keyEncipherment, keyAgreement] : [])].some((bit) =>
      keyUsage.has(bit),
    );
  return [
    ...(meant ? [] : [['wrong-purpose', purpose === 'serverAuth' ? 'TLS servers' : 'TLS clients'] as const]),
    ...(usable ? [] : [['wrong-key-usage', 'it may neither sign nor agree on keys in a handshake'] as const]),
  ];
}
