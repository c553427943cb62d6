// Owns what a zone's server presents: key, leaf and the list of certificates in the order sent. Never serves it.
import type { CertificateState } from '../script.ts';
import type { Authority } from './authority.ts';
import { type Certificate, type CertificateRequest, issue, type KeyPair, type Party } from './certificate.ts';
import { ecKeys, rsaKeys } from './keys.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LIFETIME_DAYS = 90;

export interface ChainOrder {
  readonly state: CertificateState;
  readonly key: 'ec' | 'rsa';
  readonly daysLeft: number;
  /** Of the leaf; 90 where nothing is said. */
  readonly lifetimeDays?: number | undefined;
  /** Which intermediate of the trusted authority issues; the first where nothing is said. */
  readonly issuer?: 'first' | 'second' | undefined;
  /** The name the leaf is for; a wildcard below it is added. */
  readonly name: string;
  readonly trusted: Authority;
  readonly stranger: Authority;
  readonly nowMs: number;
}

/** What node:tls takes: all certificates as sent, and the leaf's key. */
export interface ServerChain {
  readonly certificatesPem: string;
  readonly keyPem: string;
}

/** One hour more than the days, so that "6 days left" is still true when somebody looks. */
function validity(order: ChainOrder): { readonly notBefore: number; readonly notAfter: number } {
  const { lifetimeDays = LIFETIME_DAYS } = order;
  const notBefore =
    order.state === 'not-yet-valid'
      ? order.nowMs + 2 * DAY_MS
      : order.nowMs + HOUR_MS + (order.daysLeft - lifetimeDays) * DAY_MS;
  return { notBefore, notAfter: notBefore + lifetimeDays * DAY_MS };
}

function leafRequest(order: ChainOrder, keys: KeyPair): CertificateRequest {
  const name = order.state === 'wrong-name' ? `staging.${order.name}` : order.name;
  const subject: Party = { commonName: name, ...keys };
  const own = order.issuer === 'second' ? order.trusted.second().party : order.trusted.intermediate;
  const signer = order.state === 'other-ca' ? order.stranger.intermediate : own;
  const selfSigned = order.state === 'self-signed';
  return {
    subject,
    issuer: selfSigned ? subject : signer,
    ...validity(order),
    names: [name, `*.${name}`],
    caIssuersUrl: selfSigned ? null : 'http://pki.kms.example/issuing-ca.crt',
  };
}

function asSent(order: ChainOrder, leaf: Certificate): readonly Certificate[] {
  const { rootCertificate: root, expiredIntermediate, intermediateCertificate: first } = order.trusted;
  const intermediate = order.issuer === 'second' ? order.trusted.second().certificate : first;
  switch (order.state) {
    case 'self-signed':
    case 'missing-intermediate':
      return [leaf];
    case 'expired-intermediate':
      return [leaf, expiredIntermediate];
    case 'wrong-order':
      return [leaf, root, intermediate];
    case 'root-included':
      return [leaf, intermediate, root];
    case 'extra-certificate':
      return [leaf, intermediate, order.stranger.intermediateCertificate];
    case 'duplicate-leaf':
      return [leaf, leaf, intermediate];
    case 'other-ca':
      return [leaf, order.stranger.intermediateCertificate];
    case 'valid':
    case 'expiring':
    case 'expired':
    case 'not-yet-valid':
    case 'wrong-name':
      return [leaf, intermediate];
  }
}

/** Makes a key and a chain in the state asked for. Takes the time of an RSA key only when RSA was asked for. */
export async function createChain(order: ChainOrder): Promise<ServerChain> {
  const keys = order.key === 'rsa' ? await rsaKeys() : ecKeys();
  const leaf = issue(leafRequest(order, keys));
  return {
    certificatesPem: asSent(order, leaf)
      .map((certificate) => certificate.pem)
      .join(''),
    keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}
