// Owns the making of one X.509 certificate, RSA or EC. Never decides who signs whom: see authority.ts.
import { type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bits,
  explicit,
  fromDer,
  integer,
  type Node,
  nothing,
  oid,
  sequence,
  set,
  toDer,
  utcTime,
  utf8,
} from './der.ts';
import { extensions } from './extensions.ts';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A name with its key: the holder of a certificate or the one who signs it. */
export interface Party extends KeyPair {
  readonly commonName: string;
}

export interface CertificateRequest {
  readonly subject: Party;
  /** The same as `subject` for a self-signed certificate. */
  readonly issuer: Party;
  /** Epoch milliseconds, whole seconds on the wire. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Entries of the subjectAltName: host names and IPv4 addresses. */
  readonly names?: readonly string[];
  readonly isCa?: boolean;
  readonly pathLength?: number | null;
  readonly caIssuersUrl?: string | null;
  readonly isClient?: true;
}

export interface Certificate {
  readonly der: Buffer;
  readonly pem: string;
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const isRsa = (key: KeyObject): boolean => key.asymmetricKeyType === 'rsa';

const name = (commonName: string): Node =>
  sequence(set(sequence(oid('2.5.4.10'), utf8('Example KMS'))), set(sequence(oid('2.5.4.3'), utf8(commonName))));

/** ecdsa-with-SHA256 (RFC 5758 3.2, no parameters) or sha256WithRSAEncryption (RFC 8017 A.2.4, NULL). */
const signatureAlgorithm = (key: KeyObject): Node =>
  isRsa(key) ? sequence(oid('1.2.840.113549.1.1.11'), nothing()) : sequence(oid('1.2.840.10045.4.3.2'));

/** Positive and unpredictable, 127 bits (CA/Browser Forum BR 7.1: at least 64 from a CSPRNG). */
function serialNumber(): Node {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return integer(serial);
}

/** Makes and signs a v3 certificate (RFC 5280 4.1). */
export function issue(request: CertificateRequest): Certificate {
  const { subject, issuer } = request;
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    serialNumber(),
    algorithm,
    name(issuer.commonName),
    sequence(utcTime(request.notBefore), utcTime(request.notAfter)),
    name(subject.commonName),
    fromDer(spki(subject.publicKey)),
    extensions({
      subjectKey: spki(subject.publicKey),
      issuerKey: spki(issuer.publicKey),
      rsa: isRsa(subject.publicKey),
      isCa: request.isCa ?? false,
      pathLength: request.pathLength ?? null,
      names: request.names ?? [],
      caIssuersUrl: request.caIssuersUrl ?? null,
      isClient: request.isClient ?? false,
    }),
  );
  const signature = sign('sha256', toDer(body), issuer.privateKey);
  const der = toDer(sequence(body, algorithm, bits(signature)));
  return { der, pem: toPem(der) };
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
