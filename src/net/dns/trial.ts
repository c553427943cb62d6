// Owns the wire form of a trial and what a reply to it shows: bits, sizes and cases that an ordinary reader passes over.
// Never reads the data of a record, and never takes a reply to another question for one.
import { randomInt } from 'node:crypto';
import dnsPacket from 'dns-packet';
import type { DnsTrial, DnsTrialReply, TrialEdns } from '../../contract/net.ts';
import { type WalkedMessage, type WalkedRecord, walkMessage } from './guard.ts';
import { MalformedMessage } from './names.ts';
import { OPT, rcodeName, typeName } from './registry.ts';

const HEADER_BYTES = 12;
/** Type and class behind the name of a question. */
const QUESTION_TAIL_BYTES = 4;
/** Z: RFC 1035 4.1.1 as RFC 4035 left it. */
const RESERVED_BIT = 0x40;
/** Records and options whose kinds are written down. */
const MAX_ANSWERS = 64;
const MAX_OPTIONS = 16;
/** Pointers that a name of a header and question may hold: RFC 1035 4.1.4. */
const MAX_HOPS = 16;

/** A trial in its wire form, with a fresh random id. */
export interface EncodedTrial {
  readonly id: number;
  readonly bytes: Buffer;
  readonly trial: DnsTrial;
}

export type TrialRead = Omit<DnsTrialReply, 'from' | 'sent' | 'elapsedMs'>;

export function encodeTrial(trial: DnsTrial): EncodedTrial {
  const { question, opcode = 0, reservedBit, mixedCase, edns } = trial;
  const id = randomInt(0x1_0000);
  const name = question === null ? '' : mixedCase === true ? inBothCases(question.name) : question.name;
  const bytes = dnsPacket.encode({
    type: 'query',
    id,
    flags: (opcode << 11) | (reservedBit === true ? RESERVED_BIT : 0),
    questions: question === null ? [] : [{ name, type: `UNKNOWN_${question.type}` as dnsPacket.RecordType }],
    additionals: edns === undefined ? [] : [optRecord(edns)],
  });
  return { id, bytes, trial };
}

function optRecord({ version, flags, payloadBytes, options }: TrialEdns): dnsPacket.OptAnswer {
  return {
    ...{ type: 'OPT', name: '.', udpPayloadSize: payloadBytes, extendedRcode: 0 },
    ...{ ednsVersion: version, flags, flag_do: (flags & 0x8000) !== 0 },
    options: options.map(({ code, data }) => ({ code, data: Buffer.from(data) }) as unknown as dnsPacket.PacketOpt),
  };
}

/** Every second letter large: enough to see whether they come back. */
function inBothCases(name: string): string {
  return Array.from(name, (letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase())).join('');
}

/**
 * What the reply shows; null when it belongs to another question.
 * @throws MalformedMessage, and nothing else, for any bytes
 */
export function readTrial({ id, bytes: asked, trial }: EncodedTrial, bytes: Buffer): TrialRead | null {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== id || (bytes.readUInt16BE(2) & 0x8000) === 0)
    return null;
  const walked = walkMessage(bytes);
  const question = questionIn(asked, bytes, walked, trial);
  if (question === null) return null;
  const { header, records, lost } = walked;
  const opt = records.find(({ type, section }) => type === OPT && section === 'additionals');
  const answers = records.filter(({ section }) => section === 'answers');
  const end = records.at(-1)?.end ?? questionEnd(bytes, walked);
  return {
    rcode: rcodeName((opt === undefined ? 0 : (opt.ttl >>> 24) << 4) | header.rcode),
    authoritative: header.authoritative,
    truncated: header.truncated,
    reservedBit: (bytes.readUInt16BE(2) & RESERVED_BIT) !== 0,
    answerTypes: answers.slice(0, MAX_ANSWERS).map(({ type }) => typeName(type)),
    ownerAsAsked: ownerAsAsked(asked, bytes, answers[0]),
    edns: opt === undefined ? null : ednsOf(bytes, opt),
    sizeBytes: bytes.length,
    // What could not be located is no trailing byte.
    trailingBytes: lost > 0 ? 0 : bytes.length - end,
    question,
  };
}

/**
 * A server may leave the question out when it could not read the query: RFC 1035 4.1.2 has no rule, and NOTIMP needs none.
 * NSD with `refuse-any` sends a bare header with TC to have type ANY asked over TCP.
 */
function questionIn(
  asked: Buffer,
  bytes: Buffer,
  { question, header }: WalkedMessage,
  trial: DnsTrial,
): DnsTrialReply['question'] | null {
  if (question === null) return trial.question === null || header.rcode !== 0 || header.truncated ? 'none' : null;
  if (trial.question === null) return 'none';
  const { name, type } = trial.question;
  if (question.name !== name || question.type !== type || question.class !== 1) return null;
  const length = nameBytes(asked);
  return bytes.subarray(HEADER_BYTES, HEADER_BYTES + length).equals(asked.subarray(HEADER_BYTES, HEADER_BYTES + length))
    ? 'same'
    : 'other-case';
}

/** Octets of the name in a question of ours, which holds no pointer. */
function nameBytes(asked: Buffer): number {
  let at = HEADER_BYTES;
  for (let length = asked[at] ?? 0; length !== 0; length = asked[at] ?? 0) at += length + 1;
  return at + 1 - HEADER_BYTES;
}

/** Of a message that was walked: its question can be read. */
function questionEnd(bytes: Buffer, { question }: WalkedMessage): number {
  if (question === null) return HEADER_BYTES;
  let at = HEADER_BYTES;
  for (let length = bytes[at] ?? 0; length !== 0; length = bytes[at] ?? 0) {
    if (length >= 0xc0) return at + 2 + QUESTION_TAIL_BYTES;
    at += length + 1;
  }
  return at + 1 + QUESTION_TAIL_BYTES;
}

/** Label by label with the letters as they are: BIND answers in the case of its zone, Knot in that of the question. */
function ownerAsAsked(asked: Buffer, bytes: Buffer, answer: WalkedRecord | undefined): boolean | null {
  if (answer === undefined || asked.length <= HEADER_BYTES) return null;
  const owner = asked.subarray(HEADER_BYTES, HEADER_BYTES + nameBytes(asked));
  return rawName(bytes, answer.start).equals(owner);
}

/** The octets of a name that was walked, pointers followed. */
function rawName(bytes: Buffer, start: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = start, hops = 0; hops <= MAX_HOPS; ) {
    const length = bytes[at] ?? 0;
    if (length >= 0xc0) {
      at = (length & 0x3f) * 256 + (bytes[at + 1] ?? 0);
      hops += 1;
      continue;
    }
    parts.push(bytes.subarray(at, at + length + 1));
    if (length === 0) break;
    at += length + 1;
  }
  return Buffer.concat(parts);
}

function ednsOf(bytes: Buffer, { ttl, rdataStart, end }: WalkedRecord): DnsTrialReply['edns'] {
  const options: { code: number; bytes: number }[] = [];
  for (let at = rdataStart; at + 4 <= end && options.length < MAX_OPTIONS; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > end) throw new MalformedMessage('an EDNS option runs past the end');
    options.push({ code: bytes.readUInt16BE(at), bytes: length });
    at += 4 + length;
  }
  return { version: (ttl >>> 16) & 0xff, flags: ttl & 0xffff, options };
}
