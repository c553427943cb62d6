// Owns the certificate extensions that this probe reads: subjectAltName, basicConstraints, authority information access.
import { ipAddress } from '../../src/model/target.ts';
import { type IpAddress, type WireText, wireText } from '../../src/model/text.ts';
import { children, content, contextTag, type Node, oidOf, readDer, tag } from './der.ts';

/** Entries of the subjectAltName that a host can be matched against, RFC 5280 4.2.1.6. */
export interface PresentedNames {
  readonly dns: readonly WireText[];
  readonly ip: readonly IpAddress[];
  /** All entries, of every kind. */
  readonly total: number;
}

export interface Extensions {
  readonly names: PresentedNames;
  readonly isCa: boolean;
  readonly caIssuersUrls: readonly WireText[];
  readonly ocspUrls: readonly WireText[];
}

const MAX_URLS = 8;

/** @param list the SEQUENCE OF Extension, RFC 5280 4.1 */
export function readExtensions(list: Node | null | undefined): Extensions {
  const byOid = new Map<string, Node | null>();
  for (const extension of children(list)) {
    const [type, ...rest] = children(extension);
    const oid = oidOf(type);
    const value = rest.at(-1);
    // RFC 5280 4.2: one of each; the first counts.
    if (oid !== null && value?.type === tag.octets && !byOid.has(oid)) byOid.set(oid, readDer(content(value)));
  }
  const access = byOid.get('1.3.6.1.5.5.7.1.1');
  return {
    names: presentedNames(byOid.get('2.5.29.17')),
    isCa: readCa(byOid.get('2.5.29.19')),
    caIssuersUrls: accessUrls(access, '1.3.6.1.5.5.7.48.2'),
    ocspUrls: accessUrls(access, '1.3.6.1.5.5.7.48.1'),
  };
}

function presentedNames(names: Node | null | undefined): PresentedNames {
  const all = children(names);
  const ofTag = (number: number): readonly string[] => all.filter((node) => contextTag(node) === number).map(content);
  return {
    dns: ofTag(2).map((name) => wireText(name, 256)),
    ip: ofTag(7)
      .map(addressOf)
      .filter((address) => address !== null),
    total: all.length,
  };
}

function addressOf(octets: string): IpAddress | null {
  const bytes = Buffer.from(octets, 'latin1');
  if (bytes.length === 4) return ipAddress(bytes.join('.'));
  if (bytes.length !== 16) return null;
  return ipAddress((bytes.toString('hex').match(/.{4}/g) ?? []).join(':'));
}

function readCa(constraints: Node | null | undefined): boolean {
  const [first] = children(constraints);
  return first?.type === tag.boolean && first.tagClass === 0 && content(first) !== '\x00';
}

function accessUrls(descriptions: Node | null | undefined, method: string): readonly WireText[] {
  return children(descriptions)
    .map((description) => children(description))
    .filter(([type, place]) => oidOf(type) === method && place !== undefined && contextTag(place) === 6)
    .slice(0, MAX_URLS)
    .map(([, place]) => wireText(content(place), 1024));
}
