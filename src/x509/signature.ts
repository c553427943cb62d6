// Owns the question "did this key sign these bytes?", for what is signed as certificates are: OCSP responses and CRLs. Never throws.
import { constants, createHash, type KeyObject, verify } from 'node:crypto';
import { signatureName } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import { loaded } from './certificate.ts';
import { binaryOf, children, content, encoded, isOf, type Node, readDer, tag } from './der.ts';
import { bytesOf, contentOf, octet, type Value } from './tlv.ts';

/** What is signed, and by what: SEQUENCE { signed, algorithm, BIT STRING }, RFC 5280 4.1.1 and 5.1.1, RFC 6960 4.2.1. */
export interface Signed {
  readonly bytes: Buffer;
  /** AlgorithmIdentifier. */
  readonly algorithm: Node | null;
  readonly signature: Buffer;
}

/** Null when the algorithm or the BIT STRING cannot be read. */
export function signedOf(bytes: Buffer, signed: Value, algorithm: Value, signature: Value): Signed | null {
  // X.690 8.6.2: the first octet counts unused bits, and a signature has none.
  if (signature.tag !== octet.bits || signature.end - signature.from < 2 || bytes[signature.from] !== 0) return null;
  return {
    bytes: bytesOf(bytes, signed),
    algorithm: readDer(binaryOf(bytesOf(bytes, algorithm))),
    signature: contentOf(bytes, signature).subarray(1),
  };
}

const HASHED = /^(sha1|sha224|sha256|sha384|sha512)WithRSAEncryption$/;
const ECDSA = /^ecdsa-with-(SHA1|SHA224|SHA256|SHA384|SHA512)$/;
const PSS = /^RSASSA-PSS-(SHA1|SHA256|SHA384|SHA512)$/;

export function isSignedBy({ bytes, algorithm, signature }: Signed, signer: Certificate): boolean {
  const name = signatureName(algorithm);
  try {
    const key = loaded(signer).x509?.publicKey;
    return key !== undefined && name !== null && verifies(name, key, bytes, signature);
  } catch {
    // A key that OpenSSL refuses signed nothing that a client of OpenSSL would take.
    return false;
  }
}

function verifies(name: string, key: KeyObject, bytes: Buffer, signature: Buffer): boolean {
  const type = key.asymmetricKeyType;
  const pss = PSS.exec(name)?.[1];
  if (pss !== undefined && (type === 'rsa' || type === 'rsa-pss')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify(pss, bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature);
  }
  const rsa = HASHED.exec(name)?.[1];
  if (rsa !== undefined && type === 'rsa') return verify(rsa, bytes, key, signature);
  const ec = ECDSA.exec(name)?.[1];
  if (ec !== undefined && type === 'ec') return verify(ec, bytes, key, signature);
  return name.toLowerCase() === type && (type === 'ed25519' || type === 'ed448') && verify(null, bytes, key, signature);
}

/** The octets of the public key without algorithm and unused bits: what CertID and KeyHash are made of (RFC 6960 4.1.1, 4.2.1). */
export function keyBits({ keyInfo }: Certificate): Buffer | null {
  const bits = children(keyInfo)[1];
  return isOf(bits, tag.bits) && content(bits).length > 1 ? Buffer.from(content(bits).slice(1), 'latin1') : null;
}

/** A name's encoding. */
export function nameBits(name: Certificate['subject']): Buffer | null {
  return name === null ? null : encoded(name.node);
}

export function digest(hash: string, bytes: Uint8Array): Buffer {
  return createHash(hash).update(bytes).digest();
}
