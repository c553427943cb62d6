// Owns the step from DER to one certificate read. Never throws for what a stranger sent, never judges; what cannot be read is named.
import { hash, X509Certificate } from 'node:crypto';
import { keyTypeName, signatureName } from './algorithms.ts';
import {
  binaryOf,
  children,
  content,
  contextTag,
  encoded,
  isOf,
  isSequence,
  type Node,
  readDer,
  smallInteger,
  tag,
} from './der.ts';
import { nameKey } from './distinguished-name.ts';
import { type Extensions, readExtensions } from './extensions.ts';
import { fromAsn1Time, isInItsForm } from './instant.ts';

/** A distinguished name: its DER node (`nameText` gives its text), and the key it is compared by. */
export interface Name {
  readonly node: Node;
  readonly key: string;
}

export interface PublicKeyFacts {
  /** `rsa`, `ec`, `ed25519`...; null when the key cannot be read. */
  readonly type: string | null;
  readonly bits: number | null;
  /** OpenSSL's name of the curve. */
  readonly curve: string | null;
}

/** OpenSSL's view. `x509` is null, and `parseError` says why, when it cannot load the certificate. */
export interface Loaded {
  readonly x509: X509Certificate | null;
  readonly parseError: string | null;
  readonly key: PublicKeyFacts;
}

/** Parts that RFC 5280 4.1 asks for and that cannot be read, or break their own form. */
export type UnreadPart =
  | 'certificate'
  | 'version'
  | 'serial'
  | 'signature algorithm'
  | 'issuer'
  | 'validity'
  | 'subject'
  | 'key'
  | 'extensions';

export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  /** 1 to 3; null when unreadable. */
  readonly version: number | null;
  /** The DER bytes of the serial number, a leading 00 included, the first 64. */
  readonly serialHex: string;
  /** Field's name of the algorithm, else its dotted OID. */
  readonly signatureAlgorithm: string | null;
  /** The algorithm inside what is signed is the one outside, RFC 5280 4.1.1.2. */
  readonly sameAlgorithm: boolean;
  readonly issuer: Name | null;
  readonly subject: Name | null;
  /** RFC 3339. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5). */
  readonly timesInForm: boolean;
  readonly keyInfo: Node | null;
  /** Lower-case hex. */
  readonly spkiSha256: string | null;
  readonly extensions: Extensions;
  readonly unread: readonly UnreadPart[];
}

/** Fields of TBSCertificate, RFC 5280 4.1. All undefined when the DER is no certificate. */
interface Fields {
  readonly version: Node | undefined;
  readonly serial: Node | undefined;
  readonly algorithm: Node | undefined;
  readonly outerAlgorithm: Node | undefined;
  readonly issuer: Node | undefined;
  readonly validity: Node | undefined;
  readonly subject: Node | undefined;
  readonly keyInfo: Node | undefined;
  readonly extensions: Node | undefined;
}

export function readCertificate(der: Uint8Array): Certificate {
  const fields = fieldsOf(readDer(binaryOf(der)));
  const [from, to] = children(fields.validity);
  const [notBefore, notAfter] = [fromAsn1Time(from), fromAsn1Time(to)];
  const certificate = {
    der,
    fingerprint: sha256(der),
    version: versionOf(fields),
    serialHex: Buffer.from(content(fields.serial).slice(0, 64), 'latin1').toString('hex'),
    signatureAlgorithm: signatureName(fields.algorithm),
    sameAlgorithm: sameNodes(fields.algorithm, fields.outerAlgorithm),
    issuer: nameOf(fields.issuer),
    subject: nameOf(fields.subject),
    ...{ notBefore, notAfter },
    timesInForm: [from, to].every((node, at) => isInItsForm(node, (at === 0 ? notBefore : notAfter) ?? '')),
    keyInfo: fields.keyInfo ?? null,
    spkiSha256: fields.keyInfo === undefined ? null : sha256(encoded(fields.keyInfo)),
    extensions: readExtensions(fields.subject === undefined ? null : fields.extensions),
  };
  return { ...certificate, unread: unreadOf(fields, certificate) };
}

function fieldsOf(certificate: Node | null): Fields {
  const [tbsNode, outerAlgorithm] = children(certificate);
  const tbs = children(tbsNode);
  // version is [0] EXPLICIT with a default, so it may be absent.
  const versioned = tbs[0] !== undefined && contextTag(tbs[0]) === 0;
  const rest = versioned ? tbs.slice(1) : tbs;
  const [serial, algorithm, issuer, validity, subject, keyInfo] = rest;
  const [extensions] = children(rest.slice(6).find((node) => contextTag(node) === 3));
  const version = versioned ? (children(tbs[0])[0] ?? tbs[0]) : undefined;
  return { version, serial, algorithm, outerAlgorithm, issuer, validity, subject, keyInfo, extensions };
}

function versionOf({ version, serial }: Fields): number | null {
  if (version === undefined) return serial === undefined ? null : 1;
  const number = smallInteger(version);
  return number === null || number > 2 ? null : number + 1;
}

function nameOf(node: Node | undefined): Name | null {
  const key = nameKey(node);
  return node === undefined || key === null ? null : { node, key };
}

function sameNodes(a: Node | undefined, b: Node | undefined): boolean {
  return a !== undefined && b !== undefined && encoded(a).equals(encoded(b));
}

function unreadOf(fields: Fields, read: Omit<Certificate, 'unread'>): readonly UnreadPart[] {
  if (fields.keyInfo === undefined) return ['certificate'];
  const serialOctets = isOf(fields.serial, tag.integer) ? content(fields.serial).length : 0;
  const parts: readonly (readonly [UnreadPart, boolean])[] = [
    ['version', read.version === null],
    ['serial', serialOctets === 0],
    ['signature algorithm', read.signatureAlgorithm === null],
    ['issuer', read.issuer === null],
    ['validity', read.notBefore === null || read.notAfter === null],
    ['subject', read.subject === null],
    ['key', keyTypeName(fields.keyInfo) === null],
    ['extensions', read.extensions.unreadable.includes('')],
  ];
  return parts.filter(([, missing]) => missing).map(([part]) => part);
}

const views = new WeakMap<Certificate, Loaded>();
const opened = new WeakMap<Uint8Array, X509Certificate>();

/** Spares `loaded` the work for these very bytes: OpenSSL made this of them in the handshake. */
export function keepOpened(der: Uint8Array, x509: X509Certificate): void {
  opened.set(der, x509);
}

/** OpenSSL's view of a certificate, made when it is first asked for: 26 microseconds, against 3 for the rest. */
export function loaded(certificate: Certificate): Loaded {
  const before = views.get(certificate);
  if (before !== undefined) return before;
  const { x509, parseError } = load(certificate.der);
  const view = { x509, parseError, key: keyOf(x509, certificate.keyInfo) };
  views.set(certificate, view);
  return view;
}

function load(der: Uint8Array): Pick<Loaded, 'x509' | 'parseError'> {
  try {
    return { x509: opened.get(der) ?? new X509Certificate(der), parseError: null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { x509: null, parseError: code.slice(0, 80) };
  }
}

function keyOf(x509: X509Certificate | null, keyInfo: Node | null): PublicKeyFacts {
  try {
    const key = x509?.publicKey;
    const details = key?.asymmetricKeyDetails;
    const curve = details?.namedCurve ?? null;
    return {
      type: key?.asymmetricKeyType ?? keyTypeName(keyInfo),
      bits: details?.modulusLength ?? curveBits(curve),
      curve,
    };
  } catch {
    // OpenSSL loads certificates whose key it then refuses.
    return { type: keyTypeName(keyInfo), bits: null, curve: null };
  }
}

/** RFC 5480 2.1.1: a curve is named. One whose parameters are spelled out can be any (CVE-2020-0601). */
export function hasExplicitCurve({ keyInfo }: Certificate): boolean {
  return keyTypeName(keyInfo) === 'ec' && isSequence(children(children(keyInfo)[0])[1]);
}

/** Bits of the field, SEC 2 and X9.62; the names are OpenSSL's. */
function curveBits(curve: string | null): number | null {
  const digits = /^(?:secp|sect|prime|brainpoolP)(\d{3})/.exec(curve ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
