// Owns a decoded DNS message and the question it answers. Never hands unchecked bytes to dns-packet.
import dnsPacket from 'dns-packet';
import type { DnsQuestion, DnsRecord } from '../../contract/net.ts';
import type { WireText } from '../../model/text.ts';
import { isOurs } from './cookies.ts';
import { cookieOption, type OptRead, readOptions, subnetOption } from './edns.ts';
import { readHeader, type SectionName, walkMessage } from './guard.ts';
import { mixCase, questionName, repeatsName } from './letter-case.ts';
import { nsidIn } from './nsid.ts';
import { randomOctets } from './random-octets.ts';
import { readRecord } from './records.ts';
import { CLASS_IN, NSID, OPT, rcodeName, typeNumbers } from './registry.ts';

/** RFC 9715: the largest UDP answer to ask for, so that none is fragmented on the way. */
const UDP_PAYLOAD_BYTES = 1_232;

/** RFC 8467 4.1: queries are padded to a multiple of this. */
const PADDED_TO_BYTES = 128;

/** A question in its wire form, with what an answer must repeat. */
export interface Query {
  readonly id: number;
  readonly question: DnsQuestion;
  readonly bytes: Buffer;
  /** Sent along; null: none. */
  readonly cookie: Buffer | null;
  /** The name in the case in which it is sent; null: as it is written. */
  readonly mixed: Buffer | null;
}

/** What a query carries beside its question. */
export interface Carried {
  /** False for servers that choke on the OPT record, and so on all that it holds. */
  readonly edns: boolean;
  readonly cookie?: Buffer | null;
  readonly mixedCase?: boolean;
  /** RFC 7830: for transports that nobody can read, so that the length tells nothing. */
  readonly padded?: boolean;
}

export interface Message extends Readonly<Record<SectionName, readonly DnsRecord[]>>, OptRead {
  readonly id: number;
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticated: boolean;
  readonly truncated: boolean;
  /** Owner in lower case; null when the sender did not repeat the question. */
  readonly question: { readonly name: string; readonly type: number; readonly class: number } | null;
  /** True when the sender speaks EDNS (RFC 6891). */
  readonly edns: boolean;
  /** See DnsReply. */
  readonly nsid: WireText | null;
  readonly dnssecOk: boolean;
  readonly unreadableRecords: number;
}

/** A query with a fresh random id (RFC 5452 4.3). */
export function encodeQuery(question: DnsQuestion, carried: Carried = { edns: true }): Query {
  const { edns, cookie = null, mixedCase = false } = carried;
  const id = randomOctets(2).readUInt16BE(0);
  const bytes = dnsPacket.encode({
    type: 'query',
    id,
    flags:
      (question.recursionDesired ? dnsPacket.RECURSION_DESIRED : 0) |
      (question.authenticated === true ? dnsPacket.AUTHENTIC_DATA : 0) |
      (question.dnssec === true ? dnsPacket.CHECKING_DISABLED : 0),
    // dns-packet writes type 0 for a mnemonic that it does not know (HTTPS), so the number is given.
    questions: [{ name: question.name, type: `UNKNOWN_${typeNumbers[question.type]}` as dnsPacket.RecordType }],
    additionals: edns ? [optRecord(question, carried)] : [],
  });
  const name = mixedCase ? questionName(bytes) : null;
  if (name !== null) mixCase(name);
  return { id, question, bytes, cookie: edns ? cookie : null, mixed: name };
}

function optRecord(question: DnsQuestion, { cookie = null, padded = false }: Carried): dnsPacket.OptAnswer {
  const { nsid, dnssec, clientSubnet } = question;
  const plain = nsid === true ? ASKING_NSID : OPT_RECORD;
  const options = [...plain.options];
  if (clientSubnet !== undefined) options.push(subnetOption(clientSubnet) as unknown as dnsPacket.PacketOpt);
  if (cookie !== null) options.push(cookieOption(cookie) as unknown as dnsPacket.PacketOpt);
  const record = { ...plain, options, ...(dnssec === true && { flags: DO_BIT, flag_do: true }) };
  // RFC 8467 4.1: last, once the length of all the rest is known.
  if (padded) options.push({ code: PADDING, length: paddingBytes(question, record) } as unknown as dnsPacket.PacketOpt);
  return record;
}

function paddingBytes({ name, type }: DnsQuestion, record: dnsPacket.OptAnswer): number {
  const questions = [{ name, type: `UNKNOWN_${typeNumbers[type]}` as dnsPacket.RecordType }];
  const bytes = dnsPacket.encodingLength({ type: 'query', questions, additionals: [record] }) + OPTION_HEAD_BYTES;
  return (PADDED_TO_BYTES - (bytes % PADDED_TO_BYTES)) % PADDED_TO_BYTES;
}

/** EDNS option code, RFC 7830 3, and the code and length before the data of any option. */
const PADDING = 12;
const OPTION_HEAD_BYTES = 4;

/** Among the 16 flags in the TTL of an OPT record: RFC 6891 6.1.4. */
const DO_BIT = 0x8000;

const OPT_RECORD: dnsPacket.OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: UDP_PAYLOAD_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** RFC 5001 2.1: the option is empty in a query. */
const ASKING_NSID: dnsPacket.OptAnswer = {
  ...OPT_RECORD,
  options: [{ code: NSID, data: Buffer.alloc(0) } as unknown as dnsPacket.PacketOpt],
};

/**
 * Reads a message from the network. Record by record: one that cannot be read is counted, the others stay.
 * @throws MalformedMessage, and nothing else, for any bytes
 */
export function decodeMessage(bytes: Buffer): Message {
  const { header, question, records, lost, hops } = walkMessage(bytes);
  const sections: Record<SectionName, DnsRecord[]> = { answers: [], authorities: [], additionals: [] };
  let unreadableRecords = lost;
  let extended: number | null = null;
  let nsid: WireText | null = null;
  let dnssecOk = false;
  let options: OptRead = {};
  for (const walked of records) {
    if (walked.type === OPT && walked.section === 'additionals') {
      // RFC 6891 6.1.1: there may be one only; the first counts.
      if (extended === null) options = readOptions(bytes.subarray(walked.rdataStart, walked.end));
      dnssecOk = extended === null ? (walked.ttl & DO_BIT) !== 0 : dnssecOk;
      extended ??= walked.ttl >>> 24;
      nsid ??= nsidIn(bytes.subarray(walked.rdataStart, walked.end));
      continue;
    }
    const record = readRecord(bytes, walked, hops);
    if (record === null) unreadableRecords += 1;
    else sections[walked.section].push(record);
  }
  return {
    ...sections,
    ...options,
    id: header.id,
    rcode: rcodeName(((extended ?? 0) << 4) | header.rcode),
    authoritative: header.authoritative,
    recursionAvailable: header.recursionAvailable,
    authenticated: header.authenticated,
    truncated: header.truncated,
    question,
    edns: extended !== null,
    nsid,
    dnssecOk,
    unreadableRecords,
  };
}

/**
 * The message when it answers this query, null when it belongs to another one (RFC 5452 9.1). A sender that could not even
 * read the question may leave it out, but only with an error code.
 * @throws MalformedMessage when it carries our id and cannot be read
 */
export function replyTo(query: Query, bytes: Buffer): Message | null {
  if (bytes.length < 12) return null;
  const header = readHeader(bytes);
  if (header.id !== query.id || !header.isResponse) return null;
  const message = decodeMessage(bytes);
  // RFC 7873 5.3: who does not know our cookie has not seen the query.
  if (query.cookie !== null && message.cookie !== undefined && !isOurs(query.cookie, message.cookie)) return null;
  if (message.question === null) return message.rcode === 'NOERROR' || message.rcode === 'NXDOMAIN' ? null : message;
  const { name, type, class: klass } = message.question;
  const same = name === query.question.name && type === typeNumbers[query.question.type] && klass === CLASS_IN;
  return same ? message : null;
}

/** Whether the reply repeats the name as it was sent; null when that tells nothing. */
export function keepsCase({ mixed }: Query, { question }: Message, bytes: Buffer): boolean | null {
  return mixed === null || question === null ? null : repeatsName(bytes, mixed);
}
