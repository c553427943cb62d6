// Owns reading the data of one located record: dns-packet decodes inside the record's bounds, names are read here.
// Never lets one unreadable record spoil the others. dns-packet alone is lossy for names (two labels and one label
// with a dot in it look alike) and takes wrong lengths (an A record of 0 bytes), so both are checked here.
import dnsPacket from 'dns-packet';
import type { DnsRecord, Soa } from '../../contract/net.ts';
import { ipAddress } from '../../model/target.ts';
import { wireText } from '../../model/text.ts';
import { readCaa } from './caa.ts';
import type { WalkedRecord } from './guard.ts';
import { type HopBudget, MalformedMessage, readLabels, readName } from './names.ts';
import { CLASS_IN, typeName, typeNumbers } from './registry.ts';
import { readSvcb } from './svcb.ts';

declare module 'dns-packet' {
  /** One record; exported by dns-packet 5.6.1, absent from its types. */
  export const answer: {
    decode: { (packet: Buffer, offset: number): { readonly data: unknown }; bytes: number };
  };
}

/** Longest data of a record of another type that is kept. */
const MAX_OTHER_BYTES = 512;
/** DS, RRSIG, NSEC, DNSKEY, NSEC3, TLSA, CDS, CDNSKEY: a signature or a hash covers all of the data. The message bounds their size. */
const KEPT_WHOLE: ReadonlySet<number> = new Set([43, 46, 47, 48, 50, 52, 59, 60]);
/** Strings kept of one TXT record, of at most 255 bytes each. */
const MAX_TEXTS = 64;

/** Types whose broken records tell something: a client or an issuer treats the name by them. */
const keptBroken: ReadonlySet<number> = new Set([typeNumbers.HTTPS, typeNumbers.SVCB, typeNumbers.CAA, typeNumbers.MX]);

/** Null when the record's data is not what its type says and nobody needs to know. */
export function readRecord(bytes: Buffer, record: WalkedRecord, hops: HopBudget): DnsRecord | null {
  if (record.class !== CLASS_IN) return null;
  try {
    return readData(bytes, record, hops);
  } catch (error) {
    if (error instanceof MalformedMessage)
      return keptBroken.has(record.type) ? asHex(bytes, record, 'malformed') : null;
    throw error;
  }
}

function readData(bytes: Buffer, record: WalkedRecord, hops: HopBudget): DnsRecord {
  const owner = ownerOf(record);
  switch (record.type) {
    case typeNumbers.A:
      return { ...owner, type: 'A', address: addressOf(bytes, record, 4) };
    case typeNumbers.AAAA:
      return { ...owner, type: 'AAAA', address: addressOf(bytes, record, 16) };
    case typeNumbers.CNAME:
      return { ...owner, type: 'CNAME', target: targetOf(bytes, record, hops) };
    case typeNumbers.NS:
      return { ...owner, type: 'NS', target: targetOf(bytes, record, hops) };
    case typeNumbers.PTR:
      return { ...owner, type: 'PTR', target: targetOf(bytes, record, hops) };
    case typeNumbers.SOA:
      return { ...owner, type: 'SOA', soa: soaOf(bytes, record, hops) };
    case typeNumbers.TXT:
      return { ...owner, type: 'TXT', text: textsOf(bytes, record) };
    case typeNumbers.MX:
      return { ...owner, type: 'MX', ...mailExchangeOf(bytes, record, hops) };
    case typeNumbers.HTTPS:
    case typeNumbers.SVCB: {
      const { svcb, presentation } = readSvcb(bytes, record.rdataStart, record.end);
      const type = record.type === typeNumbers.HTTPS ? 'HTTPS' : 'SVCB';
      return { ...owner, type, svcb, presentation: wireText(presentation) };
    }
    case typeNumbers.CAA: {
      const { caa, presentation } = readCaa(bytes.subarray(record.rdataStart, record.end));
      return { ...owner, type: 'CAA', caa, presentation: wireText(presentation) };
    }
    case typeNumbers.SRV:
      return {
        ...{ ...owner, type: 'other', typeName: typeName(record.type) },
        rdataHex: serviceHex(bytes, record, hops),
      };
    default:
      return asHex(bytes, record, 'other');
  }
}

/** RFC 2782: its name is not to be shortened by a pointer, and some servers do so all the same. */
function serviceHex(bytes: Buffer, record: WalkedRecord, hops: HopBudget): string {
  if (record.end - record.rdataStart < 7) throw new MalformedMessage('a service that is too short');
  const { labels, end } = readLabels(bytes, record.rdataStart + 6, hops);
  if (end !== record.end) throw new MalformedMessage('a service of the wrong length');
  const target = labels.flatMap((label) => [Buffer.of(label.byteLength), label]);
  return Buffer.concat([bytes.subarray(record.rdataStart, record.rdataStart + 6), ...target, Buffer.of(0)]).toString(
    'hex',
  );
}

function ownerOf(record: WalkedRecord) {
  const own = { name: wireText(record.name), ttlSeconds: ttlSeconds(record.ttl) };
  return own.ttlSeconds === record.ttl ? own : { ...own, ttlTooLarge: true as const };
}

function asHex(bytes: Buffer, record: WalkedRecord, type: 'other' | 'malformed'): DnsRecord {
  const most = KEPT_WHOLE.has(record.type) ? record.end : record.rdataStart + MAX_OTHER_BYTES;
  const data = bytes.subarray(record.rdataStart, Math.min(record.end, most));
  return { ...ownerOf(record), type, typeName: typeName(record.type), rdataHex: data.toString('hex') };
}

/** RFC 1035 3.3.9 */
function mailExchangeOf(bytes: Buffer, record: WalkedRecord, hops: HopBudget) {
  if (record.end - record.rdataStart < 3) throw new MalformedMessage('a mail exchange that is too short');
  const exchange = readName(bytes, record.rdataStart + 2, hops);
  if (exchange.end !== record.end) throw new MalformedMessage('a mail exchange of the wrong length');
  return { preference: bytes.readUInt16BE(record.rdataStart), exchange: wireText(exchange.text) };
}

/** RFC 2181 8: a TTL with the highest bit set counts as zero. */
function ttlSeconds(raw: number): number {
  return raw > 0x7fff_ffff ? 0 : raw;
}

function addressOf(bytes: Buffer, record: WalkedRecord, length: 4 | 16) {
  if (record.end - record.rdataStart !== length) throw new MalformedMessage('an address of the wrong length');
  const data = decoded(bytes, record);
  const address = typeof data === 'string' ? ipAddress(data) : null;
  if (address === null) throw new MalformedMessage('an address that is none');
  return address;
}

function targetOf(bytes: Buffer, record: WalkedRecord, hops: HopBudget) {
  const target = readName(bytes, record.rdataStart, hops);
  if (target.end !== record.end) throw new MalformedMessage('a target of the wrong length');
  return wireText(target.text);
}

function soaOf(bytes: Buffer, record: WalkedRecord, hops: HopBudget): Soa {
  const primary = readName(bytes, record.rdataStart, hops);
  const mailbox = readName(bytes, primary.end, hops);
  if (mailbox.end + 20 !== record.end) throw new MalformedMessage('a SOA of the wrong length');
  const data = decoded(bytes, record) as Record<'serial' | 'refresh' | 'retry' | 'expire' | 'minimum', number>;
  return {
    primary: wireText(primary.text),
    mailbox: wireText(mailbox.text),
    serial: data.serial,
    refreshSeconds: data.refresh,
    retrySeconds: data.retry,
    expireSeconds: data.expire,
    minimumSeconds: data.minimum,
  };
}

function textsOf(bytes: Buffer, record: WalkedRecord) {
  const data = decoded(bytes, record) as readonly Buffer[];
  return data.slice(0, MAX_TEXTS).map((text) => wireText(text.toString('utf8')));
}

/** dns-packet's reading of the record, given nothing behind the record's end and held to its exact length. */
function decoded(bytes: Buffer, record: WalkedRecord): unknown {
  const { decode } = dnsPacket.answer;
  let data: unknown;
  try {
    data = decode(bytes.subarray(0, record.end), record.start).data;
  } catch {
    throw new MalformedMessage('record data that cannot be read');
  }
  if (decode.bytes !== record.end - record.start) throw new MalformedMessage('record data of the wrong length');
  return data;
}
