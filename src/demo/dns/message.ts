// Owns reading questions and writing answers on the wire, on dns-packet. Never trusts what it reads: bad bytes are `null`.
import packet, { type Answer, type DecodedPacket, type OptAnswer, type Question } from 'dns-packet';

/** RFC 6895 2.3; of those past 15 the upper bits stand in the OPT record (RFC 6891 6.1.3). */
export const Rcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
export type Rcode = (typeof Rcode)[keyof typeof Rcode];

/** A question as the server sees it; `name` lower-case without the final dot. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  readonly name: string;
  readonly type: string;
  readonly recursionDesired: boolean;
  /** Largest UDP answer the client takes, bytes; 512 without EDNS (RFC 1035 4.2.1). */
  readonly payloadBytes: number;
  readonly edns: boolean;
  /** The world speaks 0 only: RFC 6891 6.1.3. */
  readonly ednsVersion: number;
  /** True when the client wants to know which node answers (RFC 5001). */
  readonly asksNsid: boolean;
  /** Data of the client subnet option (RFC 7871 6); null without. */
  readonly subnet: Buffer | null;
}

/** What a server answers, before it is put on the wire. */
export interface Reply {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  /** Glue of a referral, or addresses of the servers that an answer names. */
  readonly additionals?: readonly Answer[];
  /** Bits of the client's network that the answer depends on; absent: the option is not answered. */
  readonly scope?: number;
}

const HEADER_BYTES = 12;
/** What the world's servers send over UDP at most and announce (DNS flag day 2020). */
const PAYLOAD_BYTES = 1232;
const SMALLEST_RECORD_BYTES = 11;
/** RFC 5001 2 */
const NSID = 3;
/** RFC 7871 6 */
const CLIENT_SUBNET = 8;

/** Decodes a message whose counts fit its size: without that, dns-packet reads one 23-byte packet as 196,605 records. */
function decode(message: Buffer): DecodedPacket | null {
  if (message.length < HEADER_BYTES) return null;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (message.readUInt16BE(4) !== 1 || records > (message.length - HEADER_BYTES) / SMALLEST_RECORD_BYTES) return null;
  try {
    return packet.decode(message);
  } catch {
    return null;
  }
}

const canonical = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/**
 * Reads a question. Null for what deserves no answer at all (too short, or itself an answer); `FORMERR` or `NOTIMP` for what deserves
 * that one.
 */
export function readQuery(message: Buffer): Query | null | { readonly id: number; readonly rcode: Rcode } {
  if (message.length < HEADER_BYTES || (message[2] ?? 0) & 0x80) return null;
  const id = message.readUInt16BE(0);
  if (((message[2] ?? 0) & 0x78) !== 0) return { id, rcode: Rcode.NOTIMP };
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  const decoded = records > 2 ? null : decode(message);
  const question = decoded?.questions?.[0];
  if (decoded === null || question === undefined) return { id, rcode: Rcode.FORMERR };
  const opt = decoded.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
  return {
    id,
    question,
    name: canonical(question.name),
    type: question.type,
    recursionDesired: decoded.flag_rd,
    payloadBytes: opt === undefined ? 512 : Math.min(Math.max(opt.udpPayloadSize, 512), PAYLOAD_BYTES),
    edns: opt !== undefined,
    ednsVersion: opt?.ednsVersion ?? 0,
    asksNsid: opt?.options.some(({ code }) => (code as number) === NSID) ?? false,
    subnet: subnetIn(opt),
  };
}

function subnetIn(record: OptAnswer | undefined): Buffer | null {
  const option = record?.options.find(({ code }) => (code as number) === CLIENT_SUBNET);
  const data = option !== undefined && 'data' in option ? (option.data ?? null) : null;
  return data !== null && data.length >= 4 ? data : null;
}

/** RFC 7871 7.2.1: the option of the question, with the scope filled in. */
function scoped(subnet: Buffer, scope: number): OptAnswer['options'][number] {
  const data = Buffer.from(subnet);
  data[3] = scope;
  return { code: CLIENT_SUBNET, data } as unknown as OptAnswer['options'][number];
}

const opt: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: PAYLOAD_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** Who writes an answer: its name for those who ask for it, and whether it recurses. */
export interface Writer {
  readonly name: string;
  readonly recursive: boolean;
}

/** Writes the answer to a question; over `limitBytes` only the header, the question and TC are sent (RFC 2181 9). */
export function writeReply(query: Query, reply: Reply, { name, recursive }: Writer, limitBytes: number): Buffer {
  const flags =
    (reply.authoritative ? packet.AUTHORITATIVE_ANSWER : 0) |
    (query.recursionDesired ? packet.RECURSION_DESIRED : 0) |
    (recursive ? packet.RECURSION_AVAILABLE : 0) |
    (reply.rcode & 0xf);
  const head = { type: 'response' as const, id: query.id, questions: [query.question] };
  const nsid = { code: NSID, data: Buffer.from(name) } as unknown as OptAnswer['options'][number];
  const subnet = query.subnet !== null && reply.scope !== undefined ? [scoped(query.subnet, reply.scope)] : [];
  const additionals = query.edns
    ? [{ ...opt, extendedRcode: reply.rcode >> 4, options: [...(query.asksNsid ? [nsid] : []), ...subnet] }]
    : [];
  const whole = packet.encode({
    ...head,
    flags,
    answers: [...reply.answers],
    authorities: [...reply.authorities],
    additionals: [...(reply.additionals ?? []), ...additionals],
  });
  if (whole.length <= limitBytes) return whole;
  return packet.encode({ ...head, flags: flags | packet.TRUNCATED_RESPONSE, additionals });
}

/** A bare header with an rcode, for questions that could not be read. */
export function writeRefusal(id: number, rcode: Rcode): Buffer {
  return packet.encode({ type: 'response', id, flags: rcode });
}

export function writeQuery(id: number, name: string, type: string): Buffer {
  return packet.encode({
    type: 'query',
    id,
    questions: [{ name, type: type as Question['type'] }],
    additionals: [opt],
  });
}

/** Reads the answer to one's own question; null when it is unreadable or answers something else. */
export function readReply(message: Buffer, id: number, name: string): (Reply & { readonly truncated: boolean }) | null {
  const decoded = decode(message);
  const question = decoded?.questions?.[0];
  if (decoded === null || !decoded.flag_qr || decoded.id !== id || question === undefined) return null;
  if (canonical(question.name) !== name) return null;
  return {
    rcode: ((decoded.flags ?? 0) & 0xf) as Rcode,
    authoritative: decoded.flag_aa,
    truncated: decoded.flag_tc,
    answers: decoded.answers ?? [],
    authorities: decoded.authorities ?? [],
    additionals: (decoded.additionals ?? []).filter(({ type }) => type !== 'OPT'),
  };
}
