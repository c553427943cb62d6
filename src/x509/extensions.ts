// Owns the reading of certificate extensions, RFC 5280 4.2. What cannot be read is named by its OID; judges nothing.
import { type WireText, wireText } from '../model/text.ts';
import {
  bitsOf,
  booleanOf,
  children,
  content,
  contextTag,
  isOf,
  isSequence,
  type Node,
  oidOf,
  readDer,
  smallInteger,
  tag,
} from './der.ts';
import { type GeneralName, generalNames, type PresentedNames, presentedNames } from './general-names.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';
import { readScts, type SignedCertificateTimestamp } from './sct.ts';

export const extension = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  scts: '1.3.6.1.4.1.11129.2.4.2',
} as const;

/** Bits of KeyUsage, RFC 5280 4.2.1.3. */
export const keyUsageBit = {
  digitalSignature: 0,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

export const usage = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

export interface AuthorityKeyId {
  /** Lower-case hex; null without. */
  readonly keyId: string | null;
  readonly hasIssuer: boolean;
  readonly hasSerial: boolean;
}

export interface Extensions {
  /** Whether critical, by OID, in the order written. */
  readonly critical: ReadonlyMap<string, boolean>;
  /** OIDs that come more than once (RFC 5280 4.2 forbids it): the first counts. */
  readonly duplicates: readonly string[];
  /** OIDs of those that break their own format. */
  readonly unreadable: readonly string[];
  readonly names: PresentedNames;
  /** The subjectAltName for name constraints; null without one. */
  readonly altNames: readonly GeneralName[] | null;
  /** basicConstraints; null without. */
  readonly basic: { readonly ca: boolean; readonly pathLength: number | null } | null;
  readonly isCa: boolean;
  /** Bits that are set (`keyUsageBit`); null without the extension. */
  readonly keyUsage: ReadonlySet<number> | null;
  /** OIDs; null without the extension. */
  readonly extendedKeyUsage: readonly string[] | null;
  readonly nameConstraints: NameConstraints | null;
  /** OIDs of certificate policies. */
  readonly policies: readonly string[];
  readonly authorityKeyId: AuthorityKeyId | null;
  /** Lower-case hex. */
  readonly subjectKeyId: string | null;
  readonly crlUrls: readonly WireText[];
  readonly caIssuersUrls: readonly WireText[];
  readonly ocspUrls: readonly WireText[];
  /** TLS extension numbers that a server with this certificate must honour, RFC 7633: 5 is a stapled OCSP response. */
  readonly tlsFeatures: readonly number[];
  readonly scts: readonly SignedCertificateTimestamp[];
}

const MAX_URLS = 8;
const MAX_OIDS = 64;

interface Raw {
  readonly critical: Map<string, boolean>;
  readonly values: Map<string, string>;
  readonly duplicates: Set<string>;
  readonly unreadable: Set<string>;
}

/** @param list the SEQUENCE OF Extension, RFC 5280 4.1 */
export function readExtensions(list: Node | null | undefined): Extensions {
  const raw = rawOf(list);
  /** Null when the extension is absent or unreadable, which is noted; `read` gives null for what breaks the format. */
  const read = <T>(oid: string, reader: (value: Node) => T | null): T | null => {
    const value = raw.values.get(oid);
    if (value === undefined) return null;
    const node = readDer(value);
    const result = node === null ? null : reader(node);
    if (result === null) raw.unreadable.add(oid);
    return result;
  };
  const san = read(extension.subjectAltName, (node) => (isSequence(node) ? children(node) : null));
  const altNames = san === null ? null : generalNames(san);
  if (san !== null && (altNames === null || altNames.length === 0)) raw.unreadable.add(extension.subjectAltName);
  const basic = read(extension.basicConstraints, basicConstraints);
  const access = read(extension.authorityInfoAccess, descriptions);
  return {
    ...{ names: presentedNames(san ?? []), altNames, basic, isCa: basic?.ca ?? false },
    keyUsage: read(extension.keyUsage, bitsOf),
    extendedKeyUsage: read(extension.extendedKeyUsage, oids),
    nameConstraints: read(extension.nameConstraints, readNameConstraints),
    policies: read(extension.certificatePolicies, policies) ?? [],
    authorityKeyId: read(extension.authorityKeyId, authorityKeyId),
    subjectKeyId: read(extension.subjectKeyId, (node) => (isOf(node, tag.octets) ? hex(content(node)) : null)),
    crlUrls: read(extension.crlDistributionPoints, crlUrls) ?? [],
    caIssuersUrls: accessUrls(access, '1.3.6.1.5.5.7.48.2'),
    ocspUrls: accessUrls(access, '1.3.6.1.5.5.7.48.1'),
    tlsFeatures: read(extension.tlsFeature, features) ?? [],
    scts: timestamps(raw),
    critical: raw.critical,
    ...{ duplicates: [...raw.duplicates], unreadable: [...raw.unreadable] },
  };
}

function rawOf(list: Node | null | undefined): Raw {
  const raw: Raw = { critical: new Map(), values: new Map(), duplicates: new Set(), unreadable: new Set() };
  if (list != null && !isSequence(list)) raw.unreadable.add('');
  for (const each of children(list)) {
    const [type, second, third] = children(each);
    const oid = oidOf(type);
    const value = third ?? second;
    const critical = third === undefined ? false : booleanOf(second);
    if (oid === null || !isOf(value, tag.octets) || critical === null) {
      raw.unreadable.add(oid ?? '');
    }
    if (oid === null) continue;
    // RFC 5280 4.2: one of each; the first counts.
    if (raw.critical.has(oid)) {
      raw.duplicates.add(oid);
      continue;
    }
    raw.critical.set(oid, critical ?? true);
    if (isOf(value, tag.octets)) raw.values.set(oid, content(value));
  }
  return raw;
}

function basicConstraints(node: Node): Extensions['basic'] {
  if (!isSequence(node)) return null;
  const [first, second] = children(node);
  const ca = isOf(first, tag.boolean) ? booleanOf(first) : false;
  const length = isOf(first, tag.boolean) ? second : first;
  if (ca === null) return null;
  if (length === undefined) return { ca, pathLength: null };
  const pathLength = smallInteger(length);
  return pathLength === null ? null : { ca, pathLength };
}

function oids(node: Node): readonly string[] | null {
  if (!isSequence(node)) return null;
  const all = children(node).slice(0, MAX_OIDS).map(oidOf);
  return all.length > 0 && all.every((oid) => oid !== null) ? all : null;
}

function policies(node: Node): readonly string[] | null {
  if (!isSequence(node)) return null;
  const all = children(node)
    .slice(0, MAX_OIDS)
    .map((information) => oidOf(children(information)[0]));
  return all.length > 0 && all.every((oid) => oid !== null) ? all : null;
}

function authorityKeyId(node: Node): AuthorityKeyId | null {
  if (!isSequence(node)) return null;
  const ofTag = (number: number): Node | undefined => children(node).find((each) => contextTag(each) === number);
  const key = ofTag(0);
  return {
    keyId: key === undefined ? null : hex(content(key)),
    hasIssuer: ofTag(1) !== undefined,
    hasSerial: ofTag(2) !== undefined,
  };
}

/** RFC 5280 4.2.1.13: the URLs of each point's full name. */
function crlUrls(node: Node): readonly WireText[] | null {
  if (!isSequence(node)) return null;
  return children(node)
    .flatMap((point) => children(children(point).find((part) => contextTag(part) === 0)))
    .filter((name) => contextTag(name) === 0)
    .flatMap((fullName) => children(fullName))
    .filter((name) => contextTag(name) === 6)
    .slice(0, MAX_URLS)
    .map((name) => wireText(content(name), 1024));
}

/** RFC 5280 4.2.2.1: one or more pairs of method and place. */
function descriptions(node: Node): readonly (readonly Node[])[] | null {
  const all = isSequence(node) ? children(node).map((description) => children(description)) : [];
  return all.length > 0 && all.every(([type, place]) => oidOf(type) !== null && place !== undefined) ? all : null;
}

function accessUrls(all: readonly (readonly Node[])[] | null, method: string): readonly WireText[] {
  return (all ?? [])
    .filter(([type, place]) => oidOf(type) === method && place !== undefined && contextTag(place) === 6)
    .slice(0, MAX_URLS)
    .map(([, place]) => wireText(content(place), 1024));
}

function features(node: Node): readonly number[] | null {
  if (!isSequence(node)) return null;
  const all = children(node).slice(0, MAX_OIDS).map(smallInteger);
  return all.every((feature) => feature !== null) ? all : null;
}

function timestamps(raw: Raw): readonly SignedCertificateTimestamp[] {
  const value = raw.values.get(extension.scts);
  if (value === undefined) return [];
  const scts = readScts(value);
  if (scts === null) raw.unreadable.add(extension.scts);
  return scts ?? [];
}

function hex(latin1: string): string {
  return Buffer.from(latin1.slice(0, 64), 'latin1').toString('hex');
}
