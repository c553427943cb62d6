// Owns the walk over a message before any library sees it: header, counts, where each record begins and ends.
// Never interprets record data, and never trusts a count or a length that the bytes do not bear out.
import { HOPS_PER_MESSAGE, type HopBudget, MalformedMessage, readName } from './names.ts';

export interface Header {
  readonly id: number;
  readonly isResponse: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionAvailable: boolean;
  /** RFC 4035 3.2.3. */
  readonly authenticated: boolean;
  /** The lower four bits; the upper eight are in the OPT record (RFC 6891 6.1.3). */
  readonly rcode: number;
}

export interface WalkedQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export type SectionName = 'answers' | 'authorities' | 'additionals';

export interface WalkedRecord {
  readonly section: SectionName;
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The raw 32 bits: a TTL, or the extended rcode and flags of an OPT record. */
  readonly ttl: number;
  readonly start: number;
  readonly rdataStart: number;
  readonly end: number;
}

export interface WalkedMessage {
  readonly header: Header;
  readonly question: WalkedQuestion | null;
  readonly records: readonly WalkedRecord[];
  /** Records that the header promises but that cannot be located, or that stand behind the limit. */
  readonly lost: number;
  /** What is left for the names inside record data. */
  readonly hops: HopBudget;
}

const HEADER_BYTES = 12;
/** Root owner (1), type (2), class (2), TTL (4), RDLENGTH (2): RFC 1035 3.2.1. */
const SMALLEST_RECORD_BYTES = 11;
/** More records than any service needs; the rest of a larger answer is counted as lost. */
export const MAX_RECORDS = 512;

/**
 * Walks one message. A record that runs past the end ends the walk; what was located before it is kept.
 * @throws MalformedMessage when header or question cannot be read, or the counts are impossible and nothing was cut off
 */
export function walkMessage(bytes: Uint8Array): WalkedMessage {
  const header = readHeader(bytes);
  const view = viewOf(bytes);
  const questions = view.getUint16(4);
  const counts = [view.getUint16(6), view.getUint16(8), view.getUint16(10)] as const;
  const promised = counts[0] + counts[1] + counts[2];
  // A truncated message may promise what did not fit: it is asked for again, whatever it holds (RFC 2181 9).
  if (!header.truncated && promised > (bytes.length - HEADER_BYTES) / SMALLEST_RECORD_BYTES) {
    throw new MalformedMessage('the header promises more records than the message can hold');
  }
  // RFC 9619: QDCOUNT is 0 or 1.
  if (questions > 1) throw new MalformedMessage('more than one question');
  const hops: HopBudget = { left: HOPS_PER_MESSAGE };
  const { question, end } = questions === 1 ? readQuestion(bytes, hops) : { question: null, end: HEADER_BYTES };
  const records = walkRecords(bytes, end, counts, hops);
  return { header, question, records, lost: promised - records.length, hops };
}

/**
 * Reads the twelve bytes every message begins with: RFC 1035 4.1.1.
 * @throws MalformedMessage when there are fewer
 */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < HEADER_BYTES) throw new MalformedMessage('shorter than a header');
  const view = viewOf(bytes);
  const flags = view.getUint16(2);
  return {
    id: view.getUint16(0),
    isResponse: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticated: (flags & 0x0020) !== 0,
    rcode: flags & 0x000f,
  };
}

function readQuestion(bytes: Uint8Array, hops: HopBudget): { question: WalkedQuestion; end: number } {
  const name = readName(bytes, HEADER_BYTES, hops);
  if (name.end + 4 > bytes.length) throw new MalformedMessage('the question runs past the end');
  const view = viewOf(bytes);
  const question = { name: name.text, type: view.getUint16(name.end), class: view.getUint16(name.end + 2) };
  return { question, end: name.end + 4 };
}

function walkRecords(
  bytes: Uint8Array,
  from: number,
  [answers, authorities, additionals]: readonly [number, number, number],
  hops: HopBudget,
): readonly WalkedRecord[] {
  const records: WalkedRecord[] = [];
  const total = Math.min(answers + authorities + additionals, MAX_RECORDS);
  let offset = from;
  for (let index = 0; index < total; index++) {
    const section = index < answers ? 'answers' : index < answers + authorities ? 'authorities' : 'additionals';
    const record = walkRecord(bytes, offset, section, hops);
    if (record === null) break;
    records.push(record);
    offset = record.end;
  }
  return records;
}

/** Null when the record cannot be located, so that nothing behind it can be either. */
function walkRecord(bytes: Uint8Array, start: number, section: SectionName, hops: HopBudget): WalkedRecord | null {
  try {
    const name = readName(bytes, start, hops);
    const rdataStart = name.end + 10;
    if (rdataStart > bytes.length) return null;
    const view = viewOf(bytes);
    const end = rdataStart + view.getUint16(name.end + 8);
    if (end > bytes.length) return null;
    return {
      section,
      name: name.text,
      type: view.getUint16(name.end),
      class: view.getUint16(name.end + 2),
      ttl: view.getUint32(name.end + 4),
      start,
      rdataStart,
      end,
    };
  } catch (error) {
    if (error instanceof MalformedMessage) return null;
    throw error;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
