// Owns signed zones made in memory, by node:crypto and independently of the validator's own canonical forms where that is cheap.
// A zone is data; what a resolver would give for a question is read out of it.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { DnsRecord, DnsReply } from '../../../../src/contract/net.ts';
import { type IpAddress, wireText } from '../../../../src/model/text.ts';
import { compareNames, nameOctets, type ZoneName } from '../names.ts';
import { keyTag, Type } from '../records.ts';
import type { SignedType, Source, Told } from '../source.ts';

/** 2030-01-01T00:00:00Z */
export const NOW = 1_893_456_000;
export const DAY = 86_400;

export type Kind = 'RSA' | 'P-256' | 'P-384' | 'Ed25519' | 'Ed448' | 'RSA-SHA1' | 'RSA-SHA512';
export const algorithmOf: Readonly<Record<Kind, number>> = {
  'RSA-SHA1': 5,
  RSA: 8,
  'RSA-SHA512': 10,
  'P-256': 13,
  'P-384': 14,
  Ed25519: 15,
  Ed448: 16,
};
const hashOf: Readonly<Record<Kind, string | null>> = {
  'RSA-SHA1': 'sha1',
  RSA: 'sha256',
  'RSA-SHA512': 'sha512',
  'P-256': 'sha256',
  'P-384': 'sha384',
  Ed25519: null,
  Ed448: null,
};

export interface Key {
  readonly kind: Kind;
  readonly privateKey: KeyObject;
  readonly data: Buffer;
  readonly tag: number;
}

const octets = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

export function makeKey(kind: Kind, flags = 257, algorithm = algorithmOf[kind]): Key {
  const { publicKey, privateKey } = pair(kind);
  const jwk = publicKey.export({ format: 'jwk' });
  const n = octets(jwk.n);
  const e = octets(jwk.e);
  const bytes = jwk.kty === 'RSA' ? [Buffer.from([e.length]), e, n] : [octets(jwk.x), octets(jwk.y)];
  const data = Buffer.concat([Buffer.from([flags >> 8, flags & 0xff, 3, algorithm]), ...bytes]);
  return { kind, privateKey, data, tag: keyTag(data) };
}

function pair(kind: Kind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  switch (kind) {
    case 'P-256':
    case 'P-384':
      return generateKeyPairSync('ec', { namedCurve: kind });
    case 'Ed25519':
      return generateKeyPairSync('ed25519');
    case 'Ed448':
      return generateKeyPairSync('ed448');
    default:
      return generateKeyPairSync('rsa', { modulusLength: 1024 });
  }
}

export function wire(name: string): Buffer {
  const found = nameOctets(name);
  if (found === null) throw new Error(`not a name: ${name}`);
  return found;
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function dsOf(zone: string, key: Key, digestType = 2): Buffer {
  const hash = digestType === 4 ? 'sha384' : digestType === 1 ? 'sha1' : 'sha256';
  const digest = createHash(hash).update(wire(zone)).update(key.data).digest();
  return Buffer.concat([u16(key.tag), key.data.subarray(3, 4), Buffer.from([digestType]), digest]);
}

export function bitmap(types: readonly number[]): Buffer {
  const bits = Buffer.alloc(Math.max(8, ...types.map((type) => (type >> 3) + 1)));
  for (const type of types) bits[type >> 3] = (bits[type >> 3] ?? 0) | (0x80 >> (type & 7));
  return Buffer.concat([Buffer.from([0, bits.length]), bits]);
}

export interface Signing {
  readonly from?: number;
  readonly until?: number;
  /** The owner as signed, where the set was expanded from a wildcard. */
  readonly as?: string;
  readonly spoil?: boolean;
  readonly signer?: string;
}

export interface Entry {
  readonly owner: string;
  readonly type: number;
  readonly data: readonly Buffer[];
}

/** The RRSIG record over a set, RFC 4034 3.1. */
export function rrsig(zone: string, key: Key, { owner, type, data }: Entry, how: Signing = {}): Buffer {
  const signed = how.as ?? owner;
  const labels = signed === '.' ? 0 : signed.split('.').filter((label) => label !== '*').length;
  const head = Buffer.concat([
    u16(type),
    key.data.subarray(3, 4),
    Buffer.from([labels]),
    u32(300),
    u32(how.until ?? NOW + 20 * DAY),
    u32(how.from ?? NOW - 10 * DAY),
    u16(key.tag),
    wire(how.signer ?? zone),
  ]);
  const records = data
    .toSorted((a, b) => Buffer.compare(a, b))
    .flatMap((one) => [wire(signed), u16(type), u16(1), u32(300), u16(one.length), one]);
  const privateKey = { key: key.privateKey, dsaEncoding: 'ieee-p1363' as const };
  const signature = sign(hashOf[key.kind], Buffer.concat([head, ...records]), privateKey);
  if (how.spoil === true) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  return Buffer.concat([head, signature]);
}

const names: Readonly<Record<number, string>> = {
  39: 'DNAME',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
};

export function record({ owner, type }: Pick<Entry, 'owner' | 'type'>, data: Buffer): DnsRecord {
  const base = { name: wireText(owner), ttlSeconds: 300 };
  if (type === Type.A) return { ...base, type: 'A', address: [...data].join('.') as IpAddress };
  if (type === Type.CNAME) {
    const labels: string[] = [];
    for (let at = 0; data[at] !== 0; at += (data[at] ?? 0) + 1) {
      labels.push(data.subarray(at + 1, at + 1 + (data[at] ?? 0)).toString('latin1'));
    }
    return { ...base, type: 'CNAME', target: wireText(labels.join('.')) };
  }
  return {
    ...base,
    type: 'other',
    typeName: names[type] ?? `TYPE${type}`,
    rdataHex: data.toString('hex'),
  } as DnsRecord;
}

/** A set with its signature, as records of a reply. */
export function signedSet(zone: string, key: Key | null, entry: Entry, how: Signing = {}): DnsRecord[] {
  const set = entry.data.map((data) => record(entry, data));
  if (key === null) return set;
  return [...set, record({ owner: entry.owner, type: Type.RRSIG }, rrsig(zone, key, entry, how))];
}

export function nsec(zone: string, key: Key, owner: string, next: string, types: readonly number[]): DnsRecord[] {
  return signedSet(zone, key, { owner, type: Type.NSEC, data: [nsecData(next, types)] });
}

export function nsecData(next: string, types: readonly number[]): Buffer {
  return Buffer.concat([wire(next), bitmap(types)]);
}

const BASE32 = '0123456789abcdefghijklmnopqrstuv';

function base32(hash: Buffer): string {
  const bits = [...hash].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

export interface Hashing {
  readonly iterations?: number;
  readonly optOut?: boolean;
}

/** All NSEC3 records of a zone with these names, in hash order (RFC 5155 7.1). */
export function nsec3Chain(
  zone: string,
  key: Key,
  types: Readonly<Record<string, readonly number[]>>,
  { iterations = 0, optOut = false }: Hashing = {},
): DnsRecord[] {
  const salt = Buffer.from('ab12', 'hex');
  const hash = (name: string): Buffer => {
    let found = createHash('sha1').update(wire(name)).update(salt).digest();
    for (let count = 0; count < iterations; count++) found = createHash('sha1').update(found).update(salt).digest();
    return found;
  };
  const all = Object.entries(types)
    .map(([name, list]) => ({ hash: hash(name), list }))
    .toSorted((a, b) => Buffer.compare(a.hash, b.hash));
  return all.flatMap((one, index) => {
    const next = all[(index + 1) % all.length]?.hash ?? one.hash;
    const head = [Buffer.from([1, optOut ? 1 : 0]), u16(iterations), Buffer.from([salt.length]), salt];
    const data = Buffer.concat([...head, Buffer.from([next.length]), next, bitmap(one.list)]);
    const owner = zone === '.' ? base32(one.hash) : `${base32(one.hash)}.${zone}`;
    return signedSet(zone, key, { owner, type: Type.NSEC3, data: [data] });
  });
}

export type Answer = Partial<Pick<DnsReply, 'answers' | 'authorities' | 'rcode' | 'authoritative' | 'dnssecOk'>> | null;

/** A resolver that gives these replies; null, and what is not there, is a failure. */
export function sourceOf(replies: Readonly<Record<string, Answer | undefined>>): Source & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    questions: () => asked.length,
    ask(name: ZoneName, type: SignedType): Promise<Told> {
      asked.push(`${name} ${type}`);
      const found = replies[`${name} ${type}`];
      if (found === undefined || found === null) return Promise.resolve({ reply: null, because: 'resolver-failed' });
      const empty = { rcode: 'NOERROR', authoritative: false, dnssecOk: true, answers: [], authorities: [] };
      return Promise.resolve({ reply: { ...empty, ...found } as unknown as DnsReply, because: null });
    },
  };
}

/** For reading expectations: which of two names comes first (RFC 4034 6.1). */
export function inOrder(names: readonly string[]): string[] {
  return names.toSorted((a, b) => compareNames(wire(a), wire(b)));
}
