// Owns reading the data of one record field by field, and the text of each field as github.com/miekg/dns writes it. Bounded by the
// record's end; never trusts a length. Knows no record type by name.
import { MalformedMessage, readLabels } from '../../net/dns/names.ts';

/** Pointers that one name may follow (miekg/dns, maxCompressionPointers). */
const MOST_HOPS = 126;
/**
 * Characters of names that one record may come to: two bytes can point at 255 octets, four characters each. A record of a name server that
 * means well holds one, two or three names.
 */
const MOST_NAMED = 16_384;
/** Octets of a label that stand behind a backslash. */
const SPECIAL = new Set(Buffer.from('. \'@;()"\\'));

/** Behind the end every field is its zero value, as in a Go struct that was filled in part: data may stop between two fields. */
export class Rdata {
  readonly bytes: Buffer;
  at: number;
  readonly #end: number;
  #named = 0;

  /** @param bytes the whole message, which names may point into */
  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes.subarray(0, end);
    this.at = start;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.at;
  }

  number(size: 1 | 2 | 4 | 6): number {
    if (this.left === 0) return 0;
    return this.take(size).readUIntBE(0, size);
  }

  big(): bigint {
    return this.left === 0 ? 0n : this.take(8).readBigUInt64BE(0);
  }

  take(count: number): Buffer {
    if (count > this.left) throw new MalformedMessage('record data that is too short');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  /** With its final dot; empty behind the end. */
  name(): string {
    if (this.left === 0) return '';
    const { text, end } = nameAt(this.bytes, this.at);
    this.at = end;
    this.#named += text.length;
    if (this.#named > MOST_NAMED) throw new MalformedMessage('a record with too many names');
    return text;
  }

  /** The octets of a character string (RFC 1035 3.3). */
  characters(): Buffer {
    return this.left === 0 ? EMPTY : this.take(this.number(1));
  }
}

const EMPTY = Buffer.alloc(0);

/** Letters stay as they are, `.` is the root; dots, blanks and signs of zone files in a label behind a backslash. @throws MalformedMessage */
export function nameAt(bytes: Uint8Array, start: number): { readonly text: string; readonly end: number } {
  const { labels, end } = readLabels(bytes, start, { left: MOST_HOPS });
  if (labels.length === 0) return { text: '.', end };
  return { text: labels.map((label) => `${escaped(label, SPECIAL)}.`).join(''), end };
}

const QUOTED = new Set([0x22, 0x5c]);

/** Without the quotes around it. */
export const plainText = (octets: Uint8Array): string => escaped(octets, QUOTED);
export const quotedText = (octets: Uint8Array): string => `"${plainText(octets)}"`;

export function escaped(octets: Uint8Array, special: ReadonlySet<number>): string {
  let text = '';
  for (const octet of octets) {
    if (special.has(octet)) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${octet.toString().padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return text;
}

/** Octets that may themselves hold escapes, as the values of CAA and URI records are read: `\.` stays, others are taken out and put back. */
export function octetsText(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; ) {
    if (octets[at] !== 0x5c) {
      text += escaped(octets.subarray(at, at + 1), QUOTED);
      at += 1;
    } else if (octets[at + 1] === 0x2e) {
      text += '\\.';
      at += 2;
    } else {
      const digits = String.fromCharCode(...octets.subarray(at + 1, at + 4));
      const isNumber = /^\d{3}$/.test(digits);
      const next = isNumber ? Uint8Array.of(Number(digits) & 0xff) : octets.subarray(at + 1, at + 2);
      text += escaped(next, QUOTED);
      at += isNumber ? 4 : 2;
    }
  }
  return `"${text}"`;
}

/** RFC 5952; an IPv4 address in IPv6 clothes keeps them. */
export function addressText(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.readBigUInt64BE(0) === 0n && octets.readUInt32BE(8) === 0xffff)
    return `::ffff:${octets.subarray(12).join('.')}`;
  const words = Array.from({ length: 8 }, (_, at) => octets.readUInt16BE(at * 2));
  const runs = words
    .map((_, at) => words.slice(at).findIndex((word) => word !== 0))
    .map((run, at) => (run < 0 ? 8 - at : run));
  const longest = Math.max(...runs);
  const hex = words.map((word) => word.toString(16));
  if (longest < 2) return hex.join(':');
  const from = runs.indexOf(longest);
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + longest).join(':')}`;
}

/** Types of an NSEC bitmap (RFC 4034 4.1.2). */
export function bitmapTypes(data: Rdata): readonly number[] {
  const types: number[] = [];
  let last = -1;
  while (data.left > 0) {
    if (data.left < 2) throw new MalformedMessage('a bitmap that is cut');
    const window = data.number(1);
    const length = data.number(1);
    if (window <= last || length === 0 || length > 32) throw new MalformedMessage('a bitmap of the wrong form');
    last = window;
    for (const [at, octet] of data.take(length).entries())
      for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) types.push(window * 256 + at * 8 + bit);
  }
  return types;
}

const BASE32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** RFC 4648 7, without padding. */
export function base32Hex(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31];
}
