// Owns reading the records of DNSSEC out of their data (RFC 4034, RFC 5155). Null for what is not what its type says.
// Interprets no signature.
import { labelsOf, lowerCased, readOctets } from './names.ts';

/** https://www.iana.org/assignments/dns-parameters, "Resource Record (RR) TYPEs". */
export const Type = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  AAAA: 28,
  DNAME: 39,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  CDS: 59,
  CDNSKEY: 60,
} as const;

export interface Rrsig {
  readonly covered: number;
  readonly algorithm: number;
  /** Labels of the owner as signed, the root and `*` not counted. */
  readonly labels: number;
  readonly originalTtl: number;
  /** Seconds of an unknown 136-year era: RFC 4034 3.1.5. */
  readonly expiration: number;
  readonly inception: number;
  readonly tag: number;
  readonly signer: Buffer;
  /** The data before the signature with the signer's name in lower case, as it is signed (RFC 4034 3.1.8.1, 6840 5.1). */
  readonly head: Buffer;
  readonly signature: Buffer;
}

export function readRrsig(data: Buffer): Rrsig | null {
  const signer = readOctets(data, 18);
  if (signer === null) return null;
  const name = lowerCased(signer.name);
  return {
    covered: data.readUInt16BE(0),
    algorithm: data.readUInt8(2),
    labels: data.readUInt8(3),
    originalTtl: data.readUInt32BE(4),
    expiration: data.readUInt32BE(8),
    inception: data.readUInt32BE(12),
    tag: data.readUInt16BE(16),
    signer: name,
    head: Buffer.concat([data.subarray(0, 18), name]),
    signature: data.subarray(signer.end),
  };
}

export interface Dnskey {
  readonly flags: number;
  readonly algorithm: number;
  readonly publicKey: Buffer;
  readonly tag: number;
  readonly data: Buffer;
}

/** RFC 4034 2.1.1 and RFC 5011 7. dns-packet's constants for these bits are wrong. */
export const ZONE_KEY = 0x0100;
export const REVOKED = 0x0080;
export const ENTRY_POINT = 0x0001;

export function readDnskey(data: Buffer): Dnskey | null {
  // RFC 4034 2.1.2: the protocol is always 3.
  if (data.length < 5 || data.readUInt8(2) !== 3) return null;
  const algorithm = data.readUInt8(3);
  return { flags: data.readUInt16BE(0), algorithm, publicKey: data.subarray(4), tag: keyTag(data), data };
}

/** RFC 4034 appendix B; RSA/MD5 (B.1) is not supported. */
export function keyTag(data: Buffer): number {
  let sum = 0;
  for (const [index, octet] of data.entries()) sum += index % 2 === 0 ? octet << 8 : octet;
  return (sum + ((sum >> 16) & 0xffff)) & 0xffff;
}

export interface Ds {
  readonly tag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Buffer;
}

export function readDs(data: Buffer): Ds | null {
  if (data.length < 5) return null;
  const [algorithm, digestType] = [data.readUInt8(2), data.readUInt8(3)];
  return { tag: data.readUInt16BE(0), algorithm, digestType, digest: data.subarray(4) };
}

/** RFC 9824 3.1 and 7.1: a type that no name has; in a bitmap it says that the name does not exist. */
export const NXNAME = 128;

export interface Nsec {
  readonly owner: Buffer;
  readonly next: Buffer;
  readonly types: ReadonlySet<number>;
}

export function readNsec(owner: Buffer, data: Buffer): Nsec | null {
  const next = readOctets(data, 0);
  const types = next === null ? null : readBitmap(data.subarray(next.end));
  return next === null || types === null ? null : { owner, next: lowerCased(next.name), types };
}

export interface Nsec3 {
  readonly ownerHash: Buffer;
  readonly nextHash: Buffer;
  readonly optOut: boolean;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly types: ReadonlySet<number>;
}

/** RFC 5155 3.2. Null also for a hash other than SHA-1 and for unknown flags, which must be passed over (8.1, 8.2). */
export function readNsec3(owner: Buffer, data: Buffer): Nsec3 | null {
  const label = labelsOf(owner)[0];
  const ownerHash = label === undefined ? null : base32Hex(label.toString('latin1'));
  if (ownerHash === null || data.length < 6 || data.readUInt8(0) !== 1 || data.readUInt8(1) > 1) return null;
  const hashAt = 5 + data.readUInt8(4);
  const bitmapAt = hashAt + 1 + (data[hashAt] ?? 0);
  if (bitmapAt > data.length) return null;
  const types = readBitmap(data.subarray(bitmapAt));
  if (types === null) return null;
  return {
    ownerHash,
    nextHash: data.subarray(hashAt + 1, bitmapAt),
    optOut: data.readUInt8(1) === 1,
    iterations: data.readUInt16BE(2),
    salt: data.subarray(5, hashAt),
    types,
  };
}

/** RFC 4034 4.1.2: windows in rising order, each of 1 to 32 octets. */
function readBitmap(data: Buffer): ReadonlySet<number> | null {
  const types = new Set<number>();
  let last = -1;
  for (let at = 0; at < data.length; ) {
    const [window = 0, length = 0] = [data[at], data[at + 1]];
    if (window <= last || length < 1 || length > 32 || at + 2 + length > data.length) return null;
    for (let bit = 0; bit < length * 8; bit++) {
      if (((data[at + 2 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0) types.add(window * 256 + bit);
    }
    last = window;
    at += 2 + length;
  }
  return types;
}

/** RFC 4648 7, without padding and in lower case, as NSEC3 owners are written (RFC 5155 3.3). */
const ALPHABET = '0123456789abcdefghijklmnopqrstuv';

function base32Hex(text: string): Buffer | null {
  const octets: number[] = [];
  let [bits, held] = [0, 0];
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    bits = ((bits << 5) | value) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      octets.push((bits >> held) & 0xff);
    }
  }
  return Buffer.from(octets);
}
