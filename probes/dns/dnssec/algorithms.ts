// Owns the algorithms of DNSSEC: what each is called, what the registry says of signing with it, and how a signature is checked.
// Never calls a signature wrong because this machine lacks the algorithm.
import { createHash, createPublicKey, type KeyObject, verify, type webcrypto } from 'node:crypto';
import type { Dnskey, Ds } from './records.ts';

/**
 * "Use for DNSSEC Signing" in IANA's registry: RFC 9904 3 table 2, changed by RFC 9905 5 (5 and 7: MUST NOT) and RFC 9906 (12: MUST NOT).
 * `fine`: RECOMMENDED or MAY. Validators still verify 5 and 7, though their operators must treat them as unsigned (RFC 9905 2).
 */
export type SigningState = 'fine' | 'not-recommended' | 'must-not' | 'unknown';

interface Algorithm {
  readonly name: string;
  readonly signing: SigningState;
  readonly check: Check | null;
}

interface Check {
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512' | null;
  readonly key: (publicKey: Buffer) => webcrypto.JsonWebKey | null;
}

const url = (octets: Buffer): string => octets.toString('base64url');

/** RFC 3110 2: the exponent with its length in one octet, or in two behind a zero. At most 4096 bits are allowed. */
function rsaKey(publicKey: Buffer): webcrypto.JsonWebKey | null {
  const long = publicKey[0] === 0;
  if (publicKey.length < 3) return null;
  const start = long ? 3 : 1;
  const length = long ? publicKey.readUInt16BE(1) : publicKey.readUInt8(0);
  const modulus = publicKey.subarray(start + length);
  if (length === 0 || length > 512 || modulus.length < 64 || modulus.length > 512) return null;
  return { kty: 'RSA', e: url(publicKey.subarray(start, start + length)), n: url(modulus) };
}

/** RFC 6605 4: the two coordinates side by side. */
const curve = (crv: string, octets: number) => (publicKey: Buffer) =>
  publicKey.length === 2 * octets
    ? { kty: 'EC', crv, x: url(publicKey.subarray(0, octets)), y: url(publicKey.subarray(octets)) }
    : null;

/** RFC 8080 3 */
const edwards = (crv: string, octets: number) => (publicKey: Buffer) =>
  publicKey.length === octets ? { kty: 'OKP', crv, x: url(publicKey) } : null;

const algorithms: ReadonlyMap<number, Algorithm> = new Map<number, Algorithm>([
  [1, { name: 'RSAMD5', signing: 'must-not', check: null }],
  [3, { name: 'DSA', signing: 'must-not', check: null }],
  [5, { name: 'RSASHA1', signing: 'must-not', check: { hash: 'sha1', key: rsaKey } }],
  [6, { name: 'DSA-NSEC3-SHA1', signing: 'must-not', check: null }],
  [7, { name: 'RSASHA1-NSEC3-SHA1', signing: 'must-not', check: { hash: 'sha1', key: rsaKey } }],
  [8, { name: 'RSASHA256', signing: 'fine', check: { hash: 'sha256', key: rsaKey } }],
  [10, { name: 'RSASHA512', signing: 'not-recommended', check: { hash: 'sha512', key: rsaKey } }],
  [12, { name: 'ECC-GOST', signing: 'must-not', check: null }],
  [13, { name: 'ECDSAP256SHA256', signing: 'fine', check: { hash: 'sha256', key: curve('P-256', 32) } }],
  [14, { name: 'ECDSAP384SHA384', signing: 'fine', check: { hash: 'sha384', key: curve('P-384', 48) } }],
  [15, { name: 'ED25519', signing: 'fine', check: { hash: null, key: edwards('Ed25519', 32) } }],
  [16, { name: 'ED448', signing: 'fine', check: { hash: null, key: edwards('Ed448', 57) } }],
  [17, { name: 'SM2SM3', signing: 'fine', check: null }],
  [23, { name: 'ECC-GOST12', signing: 'fine', check: null }],
]);

export function algorithmName(number: number): string {
  return algorithms.get(number)?.name ?? `algorithm ${number}`;
}

export function signingState(number: number): SigningState {
  return algorithms.get(number)?.signing ?? 'unknown';
}

/** Bits of an RSA modulus, whose length is the signer's choice (RFC 3110 2); null for other algorithms and for what is no key. */
export function modulusBits({ algorithm, publicKey }: Pick<Dnskey, 'algorithm' | 'publicKey'>): number | null {
  if (algorithms.get(algorithm)?.check?.key !== rsaKey || publicKey.length < 3) return null;
  const long = publicKey[0] === 0;
  const modulus = publicKey.subarray((long ? 3 : 1) + (long ? publicKey.readUInt16BE(1) : publicKey.readUInt8(0)));
  const first = modulus.findIndex((octet) => octet !== 0);
  return first < 0 ? null : (modulus.length - first) * 8 - (Math.clz32(modulus[first] ?? 0) - 24);
}

export function isSupported(number: number): boolean {
  return (algorithms.get(number)?.check ?? null) !== null;
}

/** False also for a key or a signature that cannot be read. */
export function verifies(key: Dnskey, data: Buffer, signature: Buffer): boolean {
  const check = algorithms.get(key.algorithm)?.check ?? null;
  const object = check === null ? null : keyObject(check, key.publicKey);
  if (check === null || object === null) return false;
  try {
    return verify(check.hash, data, { key: object, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

function keyObject(check: Check, publicKey: Buffer): KeyObject | null {
  const jwk = check.key(publicKey);
  if (jwk === null) return null;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    // A point that is not on its curve.
    return null;
  }
}

/** https://www.iana.org/assignments/ds-rr-types: RFC 3658, RFC 4509, RFC 6605; which of them to use: RFC 9904 4 table 3. */
const digests: ReadonlyMap<number, string> = new Map([
  [1, 'sha1'],
  [2, 'sha256'],
  [4, 'sha384'],
]);

export function digestSupported(digestType: number): boolean {
  return digests.has(digestType);
}

/** RFC 4034 5.1.4: over the owner in canonical form and the key's data. */
export function matchesDs(ds: Ds, owner: Buffer, key: Dnskey): boolean {
  const hash = digests.get(ds.digestType);
  if (hash === undefined || ds.tag !== key.tag || ds.algorithm !== key.algorithm) return false;
  return createHash(hash).update(owner).update(key.data).digest().equals(ds.digest);
}
