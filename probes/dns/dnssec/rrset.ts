// Owns the record sets of a reply with the signatures over each, and the octets that a signature covers (RFC 4034 3.1.8.1, 6.3).
// Never drops a record silently: a set with a member that cannot be written in canonical form cannot verify.
import type { DnsRecord } from '../../../src/contract/net.ts';
import { type IpAddress, interpret, type WireText } from '../../../src/model/text.ts';
import { isWithin, labelsOf, lastLabels, lowerCased, nameOctets, readOctets, wildcardOf } from './names.ts';
import { type Rrsig, readRrsig, Type } from './records.ts';

export interface RRset {
  readonly owner: Buffer;
  readonly type: number;
  readonly data: readonly Buffer[];
  readonly signatures: readonly Rrsig[];
}

const typeNumbers: Readonly<Record<string, number>> = Type;

/** Sets of the types that validation reads; others are left out. */
export function rrsetsOf(records: readonly DnsRecord[]): readonly RRset[] {
  const sets = new Map<string, { owner: Buffer; type: number; data: Buffer[]; signatures: Rrsig[] }>();
  const setOf = (owner: Buffer, type: number) => {
    const key = `${type} ${owner.toString('latin1')}`;
    const found = sets.get(key) ?? { owner, type, data: [], signatures: [] };
    sets.set(key, found);
    return found;
  };
  for (const record of records) {
    const owner = octetsOf(record.name);
    const type = typeNumbers[record.type === 'other' ? record.typeName : record.type];
    const data = dataOf(record);
    if (owner === null || type === undefined || data === null) continue;
    if (type !== Type.RRSIG) setOf(owner, type).data.push(data);
    const signature = type === Type.RRSIG ? readRrsig(data) : null;
    if (signature !== null) setOf(owner, signature.covered).signatures.push(signature);
  }
  return [...sets.values()].filter((set) => set.data.length > 0);
}

export function octetsOf(name: WireText): Buffer | null {
  return interpret(name, nameOctets);
}

/** RDATA in canonical form: names uncompressed and in lower case, but for those of NSEC (RFC 6840 5.1). */
function dataOf(record: DnsRecord): Buffer | null {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return addressOctets(record.address);
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return octetsOf(record.target);
    case 'other': {
      const data = Buffer.from(record.rdataHex, 'hex');
      if (record.typeName !== 'DNAME') return data;
      const target = readOctets(data, 0);
      return target === null ? null : lowerCased(target.name);
    }
    default:
      return null;
  }
}

export function addressOctets(address: IpAddress): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text =
    dotted === null
      ? address
      : `${address.slice(0, dotted.index)}${pair(dotted[1], dotted[2])}:${pair(dotted[3], dotted[4])}`;
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':')).map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => 0);
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

function pair(high = '0', low = '0'): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

/** What was signed; null when the signature does not fit the set's owner (RFC 4035 5.3.1). */
export function signedOctets(set: RRset, signature: Rrsig): Buffer | null {
  const owner = signedOwner(set.owner, signature.labels);
  if (owner === null || !isWithin(set.owner, signature.signer)) return null;
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(set.type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(signature.originalTtl, 4);
  const length = (data: Buffer) => Buffer.from([data.length >> 8, data.length & 0xff]);
  const sorted = set.data.toSorted((a, b) => Buffer.compare(a, b));
  const distinct = sorted.filter((data, index) => index === 0 || !data.equals(sorted[index - 1] as Buffer));
  return Buffer.concat([signature.head, ...distinct.flatMap((data) => [owner, fixed, length(data), data])]);
}

/** RFC 4035 5.3.2: fewer labels than the owner has mean that a wildcard was expanded. */
function signedOwner(owner: Buffer, labels: number): Buffer | null {
  const own = labelsOf(owner);
  const count = own[0]?.equals(Buffer.from('*')) === true ? own.length - 1 : own.length;
  if (labels > count) return null;
  return labels === count ? owner : wildcardOf(lastLabels(owner, labels));
}

/** The encloser of the wildcard that gave this set; null when it was there by its own name. */
export function expandedFrom(set: RRset, signature: Rrsig): Buffer | null {
  const signed = signedOwner(set.owner, signature.labels);
  return signed === null || signed.equals(set.owner) ? null : lastLabels(set.owner, signature.labels);
}
