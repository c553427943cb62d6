// Owns certificates made in memory for tests, every field as asked for: also those that no issuer would sign.
// Never used outside tests.
import { constants, type KeyObject, sign } from 'node:crypto';
import forge from 'node-forge';
import {
  bits,
  boolean,
  explicit,
  fromDer,
  implicit,
  integer,
  type Node,
  nothing,
  octets,
  oid,
  sequence,
  set,
  toDer,
} from '../../demo/pki/der.ts';

const { Class, Type } = forge.asn1;

/** A value of any universal type; `latin1` are its content bytes. */
export const universal = (type: forge.asn1.Type, latin1: string): Node =>
  forge.asn1.create(Class.UNIVERSAL, type, false, latin1);
export const printable = (text: string): Node => universal(Type.PRINTABLESTRING, text);

/** Names of RFC 8017 A.2.4, RFC 5758 3.2, RFC 8410 3: OID, hash, whether NULL parameters follow, and padding. */
const ALGORITHMS = {
  'sha256-rsa': ['1.2.840.113549.1.1.11', 'sha256', true],
  'sha512-rsa': ['1.2.840.113549.1.1.13', 'sha512', true],
  'sha1-rsa': ['1.2.840.113549.1.1.5', 'sha1', true],
  'md5-rsa': ['1.2.840.113549.1.1.4', 'md5', true],
  'pss-sha256': ['1.2.840.113549.1.1.10', 'sha256', false],
  'pss-sha1': ['1.2.840.113549.1.1.10', 'sha1', false],
  'ecdsa-sha1': ['1.2.840.10045.4.1', 'sha1', false],
  'ecdsa-sha256': ['1.2.840.10045.4.3.2', 'sha256', false],
  'ecdsa-sha384': ['1.2.840.10045.4.3.3', 'sha384', false],
  ed25519: ['1.3.101.112', null, false],
} as const;
export type Algorithm = keyof typeof ALGORITHMS;

/** OID, value, and whether critical (not said: not). */
export type Extension = readonly [string, Node, boolean?];

export interface Mint {
  readonly publicKey: KeyObject;
  readonly signedBy: KeyObject;
  readonly algorithm: Algorithm;
  /** Pairs of OID and value, one attribute a part, as encoded: the least specific part first. */
  readonly subject: readonly (readonly [string, Node])[];
  readonly issuer: readonly (readonly [string, Node])[];
  /** 13 characters are a UTCTime, 15 a GeneralizedTime. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** None: the field is absent. */
  readonly extensions: readonly Extension[];
  readonly serial?: Uint8Array;
}

export const commonName = (text: string): readonly (readonly [string, Node])[] => [['2.5.4.3', printable(text)]];

/** subjectAltName with dNSName and iPAddress entries; `others` as they are. */
export function altNames(
  dns: readonly string[],
  ip: readonly (readonly number[])[] = [],
  others: readonly Node[] = [],
): readonly [string, Node] {
  const entries = [
    ...dns.map((name) => implicit(2, Buffer.from(name, 'latin1'))),
    ...ip.map((bytes) => implicit(7, Uint8Array.from(bytes))),
    ...others,
  ];
  return ['2.5.29.17', sequence(...entries)];
}

export const isCa = (value: boolean): readonly [string, Node] => [
  '2.5.29.19',
  value ? sequence(boolean(true)) : sequence(),
];

/** Authority information access: pairs of method OID and URL. */
export function access(...places: readonly (readonly [string, string])[]): readonly [string, Node] {
  const each = places.map(([method, url]) => sequence(oid(method), implicit(6, Buffer.from(url, 'latin1'))));
  return ['1.3.6.1.5.5.7.1.1', sequence(...each)];
}

/** basicConstraints of a CA, critical as RFC 5280 4.2.1.9 wants it. */
export const caOf = (pathLength?: number): Extension => [
  '2.5.29.19',
  sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(Uint8Array.of(pathLength))])),
  true,
];

/** KeyUsage with these bits, RFC 5280 4.2.1.3: 0 signs in handshakes, 5 signs certificates. */
export function keyUsage(...set: readonly number[]): Extension {
  const octet = set.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return ['2.5.29.15', bits(Uint8Array.of(octet)), true];
}

export const extendedKeyUsage = (...usages: readonly string[]): Extension => [
  '2.5.29.37',
  sequence(...usages.map(oid)),
];

/** Bases as GeneralNames. */
export function nameConstraints(permitted: readonly Node[], excluded: readonly Node[] = []): Extension {
  const side = (tag: number, bases: readonly Node[]): readonly Node[] =>
    bases.length === 0 ? [] : [explicit(tag, ...bases.map((base) => sequence(base)))];
  return ['2.5.29.30', sequence(...side(0, permitted), ...side(1, excluded)), true];
}

export const subjectKeyId = (...id: readonly number[]): Extension => ['2.5.29.14', octets(Uint8Array.from(id))];
export const authorityKeyId = (...id: readonly number[]): Extension => [
  '2.5.29.35',
  sequence(implicit(0, Uint8Array.from(id))),
];

/** The certificate as DER. */
export function mint(request: Mint): Buffer {
  const [, hash] = ALGORITHMS[request.algorithm];
  const algorithm = algorithmOf(request.algorithm);
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(request.serial ?? Uint8Array.of(0x40, 1)),
    algorithm,
    name(request.issuer),
    sequence(time(request.notBefore), time(request.notAfter)),
    name(request.subject),
    fromDer(request.publicKey.export({ type: 'spki', format: 'der' })),
    ...(request.extensions.length === 0 ? [] : [explicit(3, sequence(...request.extensions.map(extension)))]),
  );
  const padding = request.algorithm.startsWith('pss')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20 }
    : {};
  const signature = sign(hash, toDer(body), { key: request.signedBy, ...padding });
  return toDer(sequence(body, algorithm, bits(signature)));
}

function algorithmOf(algorithm: Algorithm): Node {
  const [id, , withNull] = ALGORITHMS[algorithm];
  // RFC 4055 3.1: SHA-1, MGF1 with SHA-1 and a salt of 20 bytes are what absence means.
  if (algorithm === 'pss-sha1') return sequence(oid(id), sequence());
  if (algorithm === 'pss-sha256') {
    const hash = sequence(oid('2.16.840.1.101.3.4.2.1'), nothing());
    return sequence(oid(id), sequence(explicit(0, hash), explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hash))));
  }
  return withNull ? sequence(oid(id), nothing()) : sequence(oid(id));
}

function name(parts: Mint['subject']): Node {
  return sequence(...parts.map(([type, value]) => set(sequence(oid(type), value))));
}

function time(text: string): Node {
  return universal(text.length === 15 ? Type.GENERALIZEDTIME : Type.UTCTIME, text);
}

function extension([id, value, critical]: Extension): Node {
  return sequence(oid(id), ...(critical === undefined ? [] : [boolean(critical)]), octets(toDer(value)));
}
