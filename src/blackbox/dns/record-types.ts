// Owns, type by type, of which fields the data of a record is made and how github.com/miekg/dns writes it. Bytes in, text out; reads no message.
import { MalformedMessage } from '../../net/dns/names.ts';
import { className, typeName, typeNumber } from '../config/dns-words.ts';
import { locationText } from './location.ts';
import { addressText, base32Hex, bitmapTypes, nameAt, octetsText, plainText, quotedText, type Rdata } from './rdata.ts';
import { serviceParameters } from './service-parameters.ts';

type Field = (data: Rdata) => string;

const u8: Field = (data) => String(data.number(1));
const u16: Field = (data) => String(data.number(2));
const u32: Field = (data) => String(data.number(4));
const name: Field = (data) => data.name();
const plain: Field = (data) => plainText(data.characters());
const quoted: Field = (data) => quotedText(data.characters());
const octets: Field = (data) => octetsText(data.rest());
const hex: Field = (data) => data.rest().toString('hex');
const upperHex: Field = (data) => hex(data).toUpperCase();
const base64: Field = (data) => data.rest().toString('base64');
const ipv4: Field = (data) => (data.left === 0 ? '' : addressText(data.take(4)));
const ipv6: Field = (data) => (data.left === 0 ? '' : addressText(data.take(16)));
const covered: Field = (data) => typeName(data.number(2));

const texts: Field = (data) => {
  const found: string[] = [];
  while (data.left > 0) found.push(quoted(data));
  return found.join(' ');
};

/** RFC 4034 3.2: YYYYMMDDHHmmSS in UTC. */
const moment: Field = (data) => new Date(data.number(4) * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');

const salt: Field = (data) => data.characters().toString('hex').toUpperCase() || '-';

/** With a blank before each, none where there is none. */
const bitmap: Field = (data) =>
  bitmapTypes(data)
    .map((type) => ` ${typeName(type)}`)
    .join('');

const groups = (data: Rdata): string =>
  data
    .big()
    .toString(16)
    .padStart(16, '0')
    .replaceAll(/(.{4})(?=.)/g, '$1:');
const pairs = (text: string): string => text.replaceAll(/(..)(?=.)/g, '$1-');

/** RFC 4398 2.1 */
const CERTIFICATE_TYPES: { readonly [number: number]: string } = {
  ...{ 1: 'PKIX', 2: 'SPKI', 3: 'PGP', 4: 'IPIX', 5: 'ISPKI', 6: 'IPGP', 7: 'ACPKIX', 8: 'IACPKIX' },
  253: 'URI',
  254: 'OID',
};
/** IANA, DNS Security Algorithm Numbers. */
const ALGORITHMS: { readonly [number: number]: string } = {
  ...{ 1: 'RSAMD5', 2: 'DH', 3: 'DSA', 5: 'RSASHA1', 6: 'DSA-NSEC3-SHA1', 7: 'RSASHA1-NSEC3-SHA1', 8: 'RSASHA256' },
  ...{ 10: 'RSASHA512', 12: 'ECC-GOST', 13: 'ECDSAP256SHA256', 14: 'ECDSAP384SHA384', 15: 'ED25519', 16: 'ED448' },
  ...{ 252: 'INDIRECT', 253: 'PRIVATEDNS', 254: 'PRIVATEOID' },
};
const named =
  (names: { readonly [number: number]: string }, size: 1 | 2): Field =>
  (data) => {
    const number = data.number(size);
    return names[number] ?? String(number);
  };

/** RFC 4025 2.3 and RFC 8777 4.2.3: 0 none, 1 IPv4, 2 IPv6, 3 a name that is not compressed. */
function gateway(data: Rdata, type: number): string {
  if (type === 1) return addressText(data.take(4));
  if (type === 2) return addressText(data.take(16));
  if (type !== 3) return '.';
  const { text, end } = nameAt(data.bytes, data.at);
  data.at = end;
  return text;
}

const ipsecKey: Field = (data) => {
  const [precedence, type, algorithm] = [data.number(1), data.number(1), data.number(1)];
  return `${precedence} ${type} ${algorithm} ${data.left === 0 ? '.' : gateway(data, type)} ${base64(data)}`;
};

const relay: Field = (data) => {
  const [precedence, type] = [data.number(1), data.number(1)];
  const where = data.left === 0 ? '.' : gateway(data, type & 0x7f);
  return `${precedence} ${type >> 7} ${type & 0x7f} ${where}`;
};

const hostIdentity: Field = (data) => {
  const [hitLength, algorithm, keyLength] = [data.number(1), data.number(1), data.number(2)];
  const [hit, key] = [data.take(hitLength).toString('hex'), data.take(keyLength).toString('base64')];
  let text = `${algorithm} ${hit} ${key}`;
  while (data.left > 0) text += ` ${data.name()}`;
  return text;
};

/** RFC 3123 4 */
const prefixes: Field = (data) => {
  const found: string[] = [];
  while (data.left > 0) {
    if (data.left < 4) throw new MalformedMessage('an address prefix that is cut');
    const [family, bits, length] = [data.number(2), data.number(1), data.number(1)];
    const size = family === 1 ? 4 : family === 2 ? 16 : 0;
    const given = data.take(length & 0x7f);
    if (size === 0 || bits > size * 8 || given.length > size || given.at(-1) === 0)
      throw new MalformedMessage('an address prefix of the wrong form');
    const address = addressText(Buffer.concat([given, Buffer.alloc(size - given.length)]));
    found.push(`${length > 127 ? '!' : ''}${family}:${address}/${bits}`);
  }
  return found.join(' ');
};

/** Long texts are broken: a zone file's lines have an end. */
const brokenHex: Field = (data) => hex(data).replaceAll(/(.{1024})/g, '$1 ');

const nothing: Field = () => '';

const digest: readonly Field[] = [u16, u8, u8, upperHex];
const key: readonly Field[] = [u16, u8, u8, base64];
const signature: readonly Field[] = [covered, u8, u8, u32, moment, moment, u16, name, base64];
const association: readonly Field[] = [u8, u8, u8, hex];

/** Fields with one blank between them; those under TIGHT bring their own. */
const FIELDS: { readonly [type: string]: readonly Field[] } = {
  ...{ A: [ipv4], AAAA: [ipv6], NS: [name], CNAME: [name], DNAME: [name], PTR: [name], MX: [u16, name] },
  SOA: [name, name, u32, u32, u32, u32, u32],
  ...{ TXT: [texts], SPF: [texts], AVC: [texts], NINFO: [texts], RESINFO: [texts] },
  ...{ SRV: [u16, u16, u16, name], NAPTR: [u16, u16, quoted, quoted, quoted, name], CAA: [u8, plain, octets] },
  ...{ URI: [u16, u16, octets], TLSA: association, SMIMEA: [u8, u8, u8, brokenHex], SSHFP: [u8, u8, upperHex] },
  ...{ DS: digest, CDS: digest, DLV: digest, TA: digest, DNSKEY: key, CDNSKEY: key, KEY: key, RKEY: key },
  ...{ RRSIG: signature, SIG: signature, NSEC3PARAM: [u8, u8, u16, salt], OPENPGPKEY: [base64], DHCID: [base64] },
  ...{ CERT: [named(CERTIFICATE_TYPES, 2), u16, named(ALGORITHMS, 1), base64], ZONEMD: [u32, u8, u8, hex] },
  ...{ HINFO: [quoted, quoted], ISDN: [quoted, quoted], UINFO: [quoted], X25: [plain], GPOS: [plain, plain, plain] },
  ...{ RP: [name, name], MINFO: [name, name], TALINK: [name, name], AFSDB: [u16, name], RT: [u16, name] },
  ...{ KX: [u16, name], LP: [u16, name], PX: [u16, name, name], L32: [u16, ipv4], NID: [u16, groups] },
  ...{ L64: [u16, (data) => groups(data).toUpperCase()], MB: [name], MD: [name], MF: [name], MG: [name], MR: [name] },
  ...{ EUI48: [(data) => pairs(data.number(6).toString(16).padStart(12, '0'))], UID: [u32], GID: [u32] },
  ...{ EUI64: [(data) => pairs(data.big().toString(16).padStart(16, '0'))], 'NSAP-PTR': [name], LOC: [locationText] },
  ...{ IPSECKEY: [ipsecKey], AMTRELAY: [relay], HIP: [hostIdentity], APL: [prefixes], EID: [upperHex] },
  ...{ NIMLOC: [upperHex], NXNAME: [nothing], ANY: [nothing] },
};

const TIGHT: { readonly [type: string]: Field } = {
  NSEC: (data) => name(data) + bitmap(data),
  NXT: (data) => name(data) + bitmap(data),
  NSEC3: (data) => `${u8(data)} ${u8(data)} ${u16(data)} ${salt(data)} ${base32Hex(data.characters())}${bitmap(data)}`,
  CSYNC: (data) => `${u32(data)} ${u16(data)}${bitmap(data)}`,
  SVCB: (data) => `${u16(data)} ${name(data)}${serviceParameters(data)}`,
  HTTPS: (data) => `${u16(data)} ${name(data)}${serviceParameters(data)}`,
};

const writers: ReadonlyMap<number, Field> = new Map(
  [
    ...Object.entries(FIELDS).map(
      ([type, fields]) => [type, (data: Rdata) => fields.map((field) => field(data)).join(' ')] as const,
    ),
    ...Object.entries(TIGHT),
  ].map(([type, field]) => [typeNumber(type) ?? -1, field]),
);

const NULL = 10;

export interface RecordHead {
  /** With its final dot, escaped. */
  readonly owner: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
}

/**
 * One record as a line of a zone file; a type that is not known by its number and bytes (RFC 3597 5).
 * @throws MalformedMessage when the data is not what the type says
 */
export function recordText({ owner, type, class: klass, ttl }: RecordHead, data: Rdata): string {
  const writer = writers.get(type);
  if (writer === undefined && type !== NULL) {
    const bytes = data.rest();
    return `${owner}\t${ttl}\tCLASS${klass}\tTYPE${type}\t\\# ${bytes.length} ${bytes.toString('hex')}`;
  }
  const head = `${owner}\t${ttl}\t${className(klass)}\t${typeName(type)}\t`;
  const text = writer === undefined ? data.rest().toString('utf8') : writer(data);
  if (data.left > 0) throw new MalformedMessage('record data that is too long');
  return writer === undefined ? `;${head}${text}` : head + text;
}
