// Owns what an address tells about itself: how far it reaches, and which network it stands in. Pure; never asks anybody.
import { familyOf, ipAddress } from './target.ts';
import type { IpAddress } from './text.ts';

/**
 * `public`: anybody may reach it. `private`: inside a site or an operator's network. `loopback`: this machine.
 * `link`: this link. `documentation`: nobody. `special`: no host's address at all (unspecified, multicast, benchmarks, reserved).
 */
export type AddressScope = 'public' | 'private' | 'loopback' | 'link' | 'documentation' | 'special';

/** IANA special-purpose registries (RFC 6890); of two ranges that hold an address the first counts. */
const ranges: readonly (readonly [prefix: string, bits: number, scope: AddressScope])[] = [
  ['127.0.0.0', 8, 'loopback'], // RFC 1122 3.2.1.3
  ['10.0.0.0', 8, 'private'], // RFC 1918
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.64.0.0', 10, 'private'], // RFC 6598: between a carrier and its customers
  ['169.254.0.0', 16, 'link'], // RFC 3927
  ['192.0.2.0', 24, 'documentation'], // RFC 5737
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['0.0.0.0', 8, 'special'], // RFC 791 3.2
  ['198.18.0.0', 15, 'special'], // RFC 2544
  ['224.0.0.0', 3, 'special'], // RFC 5771 multicast, RFC 1112 reserved
  ['::1', 128, 'loopback'], // RFC 4291
  ['::', 128, 'special'],
  ['fc00::', 7, 'private'], // RFC 4193
  ['fe80::', 10, 'link'], // RFC 4291
  ['2001:db8::', 32, 'documentation'], // RFC 3849
  ['3fff::', 20, 'documentation'], // RFC 9637
  ['ff00::', 8, 'special'], // RFC 4291 2.7
];

/** 64:ff9b::/96 */
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

const known = ranges.map(([prefix, bits, scope]) => {
  const bytes = bytesOf(prefix as IpAddress);
  return { bytes, bits, scope };
});

/**
 * Where clouds answer for their metadata outside of the link: AWS over IPv6, Google over IPv6, Alibaba, Oracle. (On the link, as
 * 169.254.169.254, all of them do.)
 */
export const metadataAddresses = ['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '192.0.0.192'] as const;

const metadata = new Set(metadataAddresses.map((address) => bytesOf(address as string as IpAddress).join('.')));

/** Whether a cloud answers there for its metadata, be it on the link or not, or behind a NAT64. */
export function answersMetadata(address: IpAddress): boolean {
  const behind = nat64Address(address) ?? address;
  return addressScope(behind) === 'link' || metadata.has(unmapped(bytesOf(behind)).join('.'));
}

/** The IPv4 address that a NAT64 translates this one to; null for any other. RFC 6052 2.1: 64:ff9b::/96. */
export function nat64Address(address: IpAddress): IpAddress | null {
  const bytes = bytesOf(address);
  const isOne = bytes.length === 16 && NAT64.every((byte, at) => byte === bytes[at]);
  return isOne ? (bytes.slice(12).join('.') as IpAddress) : null;
}

/** How far the address reaches. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`, RFC 4291 2.5.5.2) is that IPv4 address. */
export function addressScope(address: IpAddress): AddressScope {
  const bytes = unmapped(bytesOf(address));
  return known.find((range) => holds(range, bytes))?.scope ?? 'public';
}

/** The /24 or /48 that routes are exchanged for: what one withdrawn route takes away. */
export function networkOf(address: IpAddress): string {
  const bytes = bytesOf(address);
  if (familyOf(address) === 4) return `${bytes.slice(0, 3).join('.')}.0/24`;
  const groups = [0, 2, 4].map((at) => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  return `${groups.join(':')}::/48`;
}

/** Whether an address is in a network written `192.0.2.0/24`; null when that is no network. RFC 4632 3.1, RFC 4291 2.3. */
export function isInNetwork(address: IpAddress, network: string): boolean | null {
  const [, start = '', length = ''] = /^([0-9a-fA-F.:]{2,45})\/(\d{1,3})$/.exec(network) ?? [];
  const prefix = ipAddress(start);
  if (prefix === null) return null;
  const [bytes, bits] = [bytesOf(prefix), Number(length)];
  return bits > bytes.length * 8 ? null : holds({ bytes, bits, scope: 'public' }, bytesOf(address));
}

function holds({ bytes: prefix, bits }: (typeof known)[number], bytes: readonly number[]): boolean {
  if (prefix.length !== bytes.length) return false;
  return prefix.every((byte, at) => {
    const left = Math.min(8, Math.max(0, bits - at * 8));
    const mask = (0xff << (8 - left)) & 0xff;
    return (byte & mask) === ((bytes[at] ?? 0) & mask);
  });
}

/** An IPv4 address written as IPv6 (`::ffff:10.0.0.1`, RFC 4291 2.5.5.2) is one of four bytes. */
export function unmapped(bytes: readonly number[]): readonly number[] {
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  return isMapped && bytes[11] === 0xff ? bytes.slice(12) : bytes;
}

/** 4 or 16 bytes, in network order. `IpAddress` is in its canonical form: groups in hexadecimal, at most one `::`. */
export function bytesOf(address: IpAddress): readonly number[] {
  if (familyOf(address) === 4) return address.split('.').map(Number);
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const gap = Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  return [...left, ...gap, ...right].flatMap((group) => [group >> 8, group & 0xff]);
}

function groupsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** The name that tells an address's own name: RFC 1035 3.5, RFC 3596 2.5. */
export function reverseName(address: IpAddress): string {
  const bytes = bytesOf(address);
  if (familyOf(address) === 4) return `${bytes.toReversed().join('.')}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte >> 4, byte & 15]).map((nibble) => nibble.toString(16));
  return `${nibbles.toReversed().join('.')}.ip6.arpa`;
}
