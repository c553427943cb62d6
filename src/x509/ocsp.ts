// Owns OCSP (RFC 6960): the question for one certificate, and the reading of what comes back. Asks nobody, never throws, and judges only
// whether the answer is about the certificate and whose signature it bears.
import { type Certificate, readCertificate } from './certificate.ts';
import { binaryOf, children, content, contextTag, isOf, isSequence, type Node, oidOf, readDer, tag } from './der.ts';
import { nameKey } from './distinguished-name.ts';
import { unixMs } from './instant.ts';
import { readScts, type SignedCertificateTimestamp } from './sct.ts';
import { digest, isSignedBy, keyBits, nameBits, type Signed, signedOf } from './signature.ts';
import { bytesOf, contentOf, contextOctet, octet, type Value, valuesIn, wholeValue } from './tlv.ts';

/** Of a whole response: real ones have 300 bytes to 3 KiB. */
export const MAX_OCSP_BYTES = 16_384;
const MAX_CERTIFICATES = 8;
const MAX_SINGLES = 64;

/** RFC 6960 4.2.1, by number. */
const STATUSES: Readonly<Record<number, string>> = {
  0: 'successful',
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

/** CRLReason, RFC 5280 5.3.1. */
const REASONS: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
};

export function reasonName(code: number | null): string | null {
  return code === null ? null : (REASONS[code] ?? `reason ${code}`);
}

export type CertStatus = 'good' | 'revoked' | 'unknown';

/** What a response says of one certificate. */
export interface SingleResponse {
  readonly hash: string | null;
  readonly issuerNameHash: string;
  readonly issuerKeyHash: string;
  readonly serialHex: string;
  readonly status: CertStatus;
  /** RFC 3339. */
  readonly revokedAt: string | null;
  readonly reason: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly scts: readonly SignedCertificateTimestamp[];
}

export interface OcspResponse {
  /** `successful`, or why there is nothing more (RFC 6960 2.3). */
  readonly responseStatus: string;
  readonly basic: BasicResponse | null;
}

export interface BasicResponse {
  readonly signed: Signed;
  /** Key of the responder's name, or SHA-1 of its key in hex. */
  readonly responder: { readonly nameKey: string } | { readonly keyHash: string };
  readonly producedAt: string;
  readonly singles: readonly SingleResponse[];
  /** Certificates that came with it, the first 8. */
  readonly certificates: readonly Certificate[];
  readonly nonceHex: string | null;
}

/** SHA-1, as RFC 5019 2.1.1 wants it: it only names the issuer, and responders know no other. */
const SHA1 = '1.3.14.3.2.26';
const HASHES: Readonly<Record<string, string>> = {
  [SHA1]: 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const SHA1_ALGORITHM = Buffer.from('300906052b0e03021a0500', 'hex');
const BASIC = '1.3.6.1.5.5.7.48.1.1';
const NONCE = '1.3.6.1.5.5.7.48.1.2';
const NONCE_OID = Buffer.from('06092b0601050507300102', 'hex');
const OCSP_SCTS = '1.3.6.1.4.1.11129.2.4.5';
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

/** The question whether this certificate is revoked; null when a part that names it cannot be read. */
export function ocspRequest(certificate: Certificate, issuer: Certificate, nonce?: Uint8Array): Buffer | null {
  const [name, key] = [nameBits(certificate.issuer), keyBits(issuer)];
  if (name === null || key === null || certificate.serialHex === '') return null;
  const id = wrap(
    octet.sequence,
    SHA1_ALGORITHM,
    wrap(octet.octets, digest('sha1', name)),
    wrap(octet.octets, digest('sha1', key)),
    wrap(octet.integer, Buffer.from(certificate.serialHex, 'hex')),
  );
  const list = wrap(octet.sequence, wrap(octet.sequence, id));
  // RFC 8954 2.1: the nonce is an OCTET STRING inside the extension's.
  const extensions =
    nonce === undefined
      ? []
      : [
          wrap(
            contextOctet(2),
            wrap(
              octet.sequence,
              wrap(octet.sequence, NONCE_OID, wrap(octet.octets, wrap(octet.octets, Buffer.from(nonce)))),
            ),
          ),
        ];
  return wrap(octet.sequence, wrap(octet.sequence, list, ...extensions));
}

function wrap(tagOctet: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tagOctet, ...head]), body]);
}

/** Null when it is no OCSP response, or one that is too large. */
export function readOcspResponse(der: Uint8Array): OcspResponse | null {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const outer = bytes.length > MAX_OCSP_BYTES ? null : wholeValue(bytes, octet.sequence);
  const [status, wrapped] = outer === null ? [] : (valuesIn(bytes, outer, 2) ?? []);
  if (status?.tag !== octet.enumerated || status.end - status.from !== 1) return null;
  const code = bytes[status.from] ?? 0;
  const responseStatus = STATUSES[code] ?? `status ${code}`;
  if (code !== 0) return { responseStatus, basic: null };
  const basic = wrapped === undefined ? null : basicOf(bytes, wrapped);
  return basic === null ? null : { responseStatus, basic };
}

function basicOf(bytes: Buffer, wrapped: Value): BasicResponse | null {
  const [pair] = valuesIn(bytes, wrapped, 1) ?? [];
  const [type, response] = pair?.tag === octet.sequence ? (valuesIn(bytes, pair, 2) ?? []) : [];
  if (type === undefined || response?.tag !== octet.octets) return null;
  if (oidOf(readDer(binaryOf(bytesOf(bytes, type)))) !== BASIC) return null;
  const inner = contentOf(bytes, response);
  const basic = wholeValue(inner, octet.sequence);
  const [data, algorithm, signature, certs] = basic === null ? [] : (valuesIn(inner, basic, 4) ?? []);
  if (data === undefined || algorithm === undefined || signature === undefined) return null;
  const signed = signedOf(inner, data, algorithm, signature);
  const read = responseData(readDer(binaryOf(bytesOf(inner, data))));
  if (signed === null || read === null) return null;
  return { ...read, signed, certificates: certs === undefined ? [] : certificatesIn(inner, certs) };
}

function certificatesIn(bytes: Buffer, wrapped: Value): readonly Certificate[] {
  const [list] = wrapped.tag === contextOctet(0) ? (valuesIn(bytes, wrapped, 1) ?? []) : [];
  const all = list === undefined ? [] : (valuesIn(bytes, list, MAX_SINGLES) ?? []);
  return all.slice(0, MAX_CERTIFICATES).map((value) => readCertificate(Uint8Array.from(bytesOf(bytes, value))));
}

/** ResponseData, RFC 6960 4.2.1. */
function responseData(data: Node | null): Omit<BasicResponse, 'signed' | 'certificates'> | null {
  if (!isSequence(data)) return null;
  const all = children(data);
  const rest = all[0] !== undefined && contextTag(all[0]) === 0 ? all.slice(1) : all;
  const [id, produced, list, extensions] = rest;
  const responder = responderOf(id);
  const producedAt = generalizedTime(produced);
  if (responder === null || producedAt === null || !isSequence(list)) return null;
  const singles = children(list).slice(0, MAX_SINGLES).map(singleOf);
  if (!singles.every((single) => single !== null)) return null;
  const nonce = extensionIn(extensions, NONCE);
  const nonceHex = nonce === null ? null : Buffer.from(nonce.slice(0, 64), 'latin1').toString('hex');
  return { responder, producedAt, singles, nonceHex };
}

function responderOf(id: Node | undefined): BasicResponse['responder'] | null {
  const [inner] = children(id);
  if (id === undefined || inner === undefined) return null;
  if (contextTag(id) === 2) return isOf(inner, tag.octets) ? { keyHash: hex(content(inner)) } : null;
  const key = contextTag(id) === 1 ? nameKey(inner) : null;
  return key === null ? null : { nameKey: key };
}

function singleOf(node: Node): SingleResponse | null {
  const [id, statusNode, thisNode, ...rest] = children(node);
  const [algorithm, nameHash, keyHash, serial] = children(id);
  const thisUpdate = generalizedTime(thisNode);
  const status = statusNode === undefined ? null : certStatus(statusNode);
  if (status === null || thisUpdate === null || !isOf(serial, tag.integer)) return null;
  if (!isOf(nameHash, tag.octets) || !isOf(keyHash, tag.octets)) return null;
  const next = rest.find((each) => contextTag(each) === 0);
  const nextUpdate = next === undefined ? null : generalizedTime(children(next)[0]);
  if (next !== undefined && nextUpdate === null) return null;
  const scts = extensionIn(
    rest.find((each) => contextTag(each) === 1),
    OCSP_SCTS,
  );
  return {
    hash: HASHES[oidOf(children(algorithm)[0]) ?? ''] ?? null,
    issuerNameHash: hex(content(nameHash)),
    issuerKeyHash: hex(content(keyHash)),
    serialHex: hex(content(serial)),
    ...{ ...status, thisUpdate, nextUpdate },
    scts: scts === null ? [] : (readScts(scts) ?? []),
  };
}

function certStatus(node: Node): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> | null {
  const kind = contextTag(node);
  if (kind === 0 || kind === 2) return { status: kind === 0 ? 'good' : 'unknown', revokedAt: null, reason: null };
  const [at, reason] = children(node);
  const revokedAt = generalizedTime(at);
  if (kind !== 1 || revokedAt === null) return null;
  const code = content(children(reason)[0]);
  return { status: 'revoked', revokedAt, reason: code.length === 1 ? reasonName(code.charCodeAt(0)) : null };
}

/** RFC 6960 4.2.2.1 has no fractions of seconds; some responders write them, and they count for nothing. */
function generalizedTime(node: Node | undefined): string | null {
  const digits = isOf(node, tag.generalizedTime) ? /^(\d{14})(?:\.\d{1,9})?Z$/.exec(content(node))?.[1] : undefined;
  if (digits === undefined) return null;
  const part = (from: number): string => digits.slice(from, from + 2);
  const text = `${digits.slice(0, 4)}-${part(4)}-${part(6)}T${part(8)}:${part(10)}:${part(12)}.000Z`;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || new Date(ms).toISOString() !== text ? null : text;
}

/** The value of one of the extensions behind an explicit context tag. */
function extensionIn(wrapped: Node | undefined, oid: string): string | null {
  const found = children(children(wrapped)[0]).find((each) => oidOf(children(each)[0]) === oid);
  const value = children(found).at(-1);
  return isOf(value, tag.octets) ? content(value) : null;
}

function hex(latin1: string): string {
  return Buffer.from(latin1.slice(0, 64), 'latin1').toString('hex');
}

/** What the response says of this very certificate; null when it says nothing of it. RFC 6960 3.2, 1. */
export function singleFor(
  { singles }: BasicResponse,
  certificate: Certificate,
  issuer: Certificate,
): SingleResponse | null {
  const [name, key] = [nameBits(certificate.issuer), keyBits(issuer)];
  if (name === null || key === null) return null;
  return (
    singles.find(
      ({ hash, issuerNameHash, issuerKeyHash, serialHex }) =>
        hash !== null &&
        serialHex === certificate.serialHex &&
        issuerNameHash === digest(hash, name).toString('hex') &&
        issuerKeyHash === digest(hash, key).toString('hex'),
    ) ?? null
  );
}

export type OcspSigner =
  | { readonly by: 'issuer' | 'delegate'; readonly because: null }
  | { readonly by: null; readonly because: string };

/** Whose signature the response bears, and whether the issuer lets it: RFC 6960 4.2.2.2. @param atMs Unix ms that a delegate must be valid at */
export function signerOf(basic: BasicResponse, issuer: Certificate, atMs: number): OcspSigner {
  if (isResponder(basic, issuer)) {
    if (isSignedBy(basic.signed, issuer)) return { by: 'issuer', because: null };
    return refused('its signature is not of the issuer that it names');
  }
  const delegate = basic.certificates.find((certificate) => isResponder(basic, certificate));
  if (delegate === undefined) return refused('its signer is neither the issuer nor among the certificates in it');
  if (!isIssuedByKey(delegate, issuer)) return refused('its signer was not made so by the issuer of the certificate');
  if (!(delegate.extensions.extendedKeyUsage ?? []).includes(OCSP_SIGNING))
    return refused('its signer may not sign OCSP responses (no OCSPSigning in its certificate)');
  const { notBefore, notAfter } = delegate;
  if (notBefore === null || notAfter === null || atMs < unixMs(notBefore) || atMs > unixMs(notAfter))
    return refused('the certificate of its signer is not valid at this time');
  if (!isSignedBy(basic.signed, delegate)) return refused('its signature is wrong');
  return { by: 'delegate', because: null };
}

function refused(because: string): OcspSigner {
  return { by: null, because };
}

function isResponder({ responder }: BasicResponse, certificate: Certificate): boolean {
  if ('nameKey' in responder) return certificate.subject?.key === responder.nameKey;
  const key = keyBits(certificate);
  return key !== null && digest('sha1', key).toString('hex') === responder.keyHash;
}

/** The signature of a certificate, over the bytes as they came. */
export function isIssuedByKey(certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.issuer === null || certificate.issuer.key !== issuer.subject?.key) return false;
  const { der } = certificate;
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const outer = wholeValue(bytes, octet.sequence);
  const [body, algorithm, signature] = outer === null ? [] : (valuesIn(bytes, outer, 3) ?? []);
  if (body === undefined || algorithm === undefined || signature === undefined) return false;
  const signed = signedOf(bytes, body, algorithm, signature);
  return signed !== null && isSignedBy(signed, issuer);
}
