// Owns DNS messages as the dns prober needs them: a question written, an answer read whole or not at all, as github.com/miekg/dns
// does it: one record that cannot be read spoils the answer. What comes from the wire is bounded by its 65,535 bytes.
import { MalformedMessage, readLabels } from '../../net/dns/names.ts';
import { optionsText } from './options-text.ts';
import { nameAt, Rdata } from './rdata.ts';
import { recordText } from './record-types.ts';

const HEADER_BYTES = 12;
/** Characters of all records. Honest answers of 65,535 bytes come to a tenth; expressions are tried on each of them. */
const MOST_TEXT = 2_097_152;
const OPT = 41;
const SOA = 6;

export interface Question {
  /** As a person writes it, with escapes, with or without the final dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** @throws Error for a name that cannot be sent (RFC 1035 2.3.4) */
export function questionBytes(id: number, { name, type, class: klass }: Question, recursion: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(recursion ? 0x0100 : 0, 2);
  header.writeUInt16BE(1, 4);
  const numbers = Buffer.alloc(4);
  numbers.writeUInt16BE(type, 0);
  numbers.writeUInt16BE(klass, 2);
  return Buffer.concat([header, nameBytes(name), numbers]);
}

function nameBytes(text: string): Buffer {
  const labels = text === '.' ? [] : labelsOf(text);
  if (labels.some((label) => label.length === 0 || label.length > 63)) throw new Error('dns: bad rdata');
  const bytes = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  if (bytes.length > 255) throw new Error('dns: domain name exceeded 255 wire-format octets');
  return bytes;
}

/** RFC 1035 5.1: `\.` and `\046` are no separators. */
function labelsOf(text: string): readonly Buffer[] {
  const labels: number[][] = [[]];
  for (const [part] of text.matchAll(/\\\d{3}|\\?[^\\]|\\/gsu)) {
    if (part === '.') labels.push([]);
    else if (/^\\\d{3}$/.test(part)) labels.at(-1)?.push(Number(part.slice(1)) & 0xff);
    else labels.at(-1)?.push(...Buffer.from(part.replace(/^\\/, ''), 'utf8'));
  }
  if (labels.at(-1)?.length === 0) labels.pop();
  return labels.map((label) => Buffer.from(label));
}

export interface Answer {
  readonly id: number;
  /** With the upper bits of an OPT record (RFC 6891 6.1.3). */
  readonly rcode: number;
  readonly answer: readonly RecordLine[];
  readonly authority: readonly RecordLine[];
  readonly additional: readonly RecordLine[];
}

export interface RecordLine {
  readonly text: string;
  /** Of a SOA record; null of any other. */
  readonly serial: number | null;
}

/** @throws MalformedMessage, and nothing else, for any bytes */
export function readAnswer(bytes: Buffer): Answer {
  if (bytes.length < HEADER_BYTES) throw new MalformedMessage('dns: short read');
  const id = bytes.readUInt16BE(0);
  const rcode = bytes.readUInt16BE(2) & 15;
  const walk: Walk = { bytes, at: HEADER_BYTES, extended: 0, textLeft: MOST_TEXT };
  // A header alone is an answer too, whatever it counts.
  if (bytes.length === HEADER_BYTES) return { id, rcode, answer: [], authority: [], additional: [] };
  for (let left = bytes.readUInt16BE(4); left > 0 && walk.at < bytes.length; left--) {
    const { end } = readLabels(bytes, walk.at, { left: 126 });
    if (end + 4 > bytes.length) throw new MalformedMessage('a question that is cut');
    walk.at = end + 4;
  }
  const answer = section(walk, bytes.readUInt16BE(6));
  const authority = section(walk, bytes.readUInt16BE(8));
  const additional = section(walk, bytes.readUInt16BE(10));
  return { id, rcode: rcode | walk.extended, answer, authority, additional };
}

interface Walk {
  readonly bytes: Buffer;
  at: number;
  extended: number;
  textLeft: number;
}

/** Records that the header counts but that are not there are passed over, when the message ends between two. */
function section(walk: Walk, count: number): readonly RecordLine[] {
  const lines: RecordLine[] = [];
  while (lines.length < count && walk.at < walk.bytes.length) {
    const line = nextRecord(walk);
    walk.textLeft -= line.text.length;
    if (walk.textLeft < 0) throw new MalformedMessage('an answer of too much text');
    lines.push(line);
  }
  return lines;
}

function nextRecord(walk: Walk): RecordLine {
  const { bytes } = walk;
  const { text: owner, end } = nameAt(bytes, walk.at);
  const start = end + 10;
  if (start > bytes.length) throw new MalformedMessage('a record that is cut');
  const type = bytes.readUInt16BE(end);
  const klass = bytes.readUInt16BE(end + 2);
  const ttl = bytes.readUInt32BE(end + 4);
  const stop = start + bytes.readUInt16BE(end + 8);
  if (stop > bytes.length) throw new MalformedMessage('record data that is cut');
  walk.at = stop;
  const data = new Rdata(bytes, start, stop);
  if (type === OPT) {
    walk.extended = (ttl >>> 24) << 4;
    return { text: optionsText(klass, ttl, data), serial: null };
  }
  return {
    text: recordText({ owner, type, class: klass, ttl }, data),
    serial: type === SOA ? serialAt(bytes, start, stop) : null,
  };
}

/** Behind the two names, which were read once already. */
function serialAt(bytes: Buffer, start: number, stop: number): number {
  const data = new Rdata(bytes, start, stop);
  data.name();
  data.name();
  return data.number(4);
}
