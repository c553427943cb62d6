// Owns the names of signature algorithms and key types behind their OIDs.
import { children, type Node, oidOf } from './der.ts';

/** RFC 8017 A.2.4, RFC 5758 3.2, RFC 8410 3, RFC 3279 2.2.1, FIPS 204 as in RFC 9881. */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.3': 'md4WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.3.14.3.2.29': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10040.4.3': 'dsa-with-SHA1',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-SHA256',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
};

const PSS = '1.2.840.113549.1.1.10';
const PSS_HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'SHA1',
  '2.16.840.1.101.3.4.2.1': 'SHA256',
  '2.16.840.1.101.3.4.2.2': 'SHA384',
  '2.16.840.1.101.3.4.2.3': 'SHA512',
};

/** Key types for certificates that OpenSSL cannot load. RFC 3279 2.3, RFC 8410 3. */
const KEYS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  [PSS]: 'rsa-pss',
  '1.2.840.10040.4.1': 'dsa',
  '1.2.840.10045.2.1': 'ec',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
};

/** @param algorithm an AlgorithmIdentifier, RFC 5280 4.1.1.2 */
export function signatureName(algorithm: Node | null | undefined): string | null {
  const [type, parameters] = children(algorithm);
  const oid = oidOf(type);
  if (oid === null) return null;
  if (oid !== PSS) return SIGNATURES[oid] ?? oid;
  // RFC 4055 3.1: hashAlgorithm is [0], SHA-1 when absent.
  const [hash] = children(children(parameters).find((node) => node.tagClass === 0x80 && node.type === 0));
  const hashOid = hash === undefined ? '1.3.14.3.2.26' : oidOf(children(hash)[0]);
  return `RSASSA-PSS-${PSS_HASHES[hashOid ?? ''] ?? hashOid ?? 'unknown'}`;
}

/** @param keyInfo a SubjectPublicKeyInfo, RFC 5280 4.1.2.7 */
export function keyTypeName(keyInfo: Node | null | undefined): string | null {
  const oid = oidOf(children(children(keyInfo)[0])[0]);
  return oid === null ? null : (KEYS[oid] ?? oid);
}
