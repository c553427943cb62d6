// Owns what each trial asks. Sends nothing.
import { randomBytes } from 'node:crypto';
import type { DnsTrial, TrialEdns } from '../../../src/contract/net.ts';
import type { DnsName } from '../../../src/model/text.ts';
import type { TrialName } from '../evidence-conformance.ts';

/** https://www.iana.org/assignments/dns-parameters; 65280 to 65534 are for private use (RFC 6895 3.1). */
const type = { soa: 6, txt: 16, dnskey: 48, any: 255, unknown: 65_280 } as const;
/** Assigned to nobody: RFC 6895 2.2. */
const UNKNOWN_OPCODE = 15;
/** The option and flag that RFC 8906 8.2 asks with. */
const UNKNOWN_OPTION = 100;
const UNKNOWN_FLAG = 0x40;
const COOKIE = 10;
const DNSSEC_OK = 0x8000;
/** RFC 9715: what fits everywhere. */
const PAYLOAD_BYTES = 1232;

const edns: TrialEdns = { version: 0, flags: 0, payloadBytes: PAYLOAD_BYTES, options: [] };

/** Asked in every journey: what old firewalls and servers break most, and resolvers send every day. */
export const FEW: readonly TrialName[] = ['plain', 'edns-version', 'edns-option'];

export function trialOf(name: TrialName, zone: DnsName): DnsTrial {
  const question = { name: zone, type: type.soa };
  switch (name) {
    case 'plain':
      return { question };
    case 'edns-version':
      return { question, edns: { ...edns, version: 1 } };
    case 'edns-option':
      return { question, edns: { ...edns, options: [{ code: UNKNOWN_OPTION, data: Buffer.alloc(0) }] } };
    case 'edns-flag':
      return { question, edns: { ...edns, flags: UNKNOWN_FLAG } };
    case 'unknown-type':
      return { question: { name: zone, type: type.unknown } };
    case 'opcode':
      return { question: null, opcode: UNKNOWN_OPCODE };
    case 'reserved-bit':
      return { question, reservedBit: true };
    case 'any':
      return { question: { name: zone, type: type.any }, edns };
    case 'cookie':
      return { question, mixedCase: true, edns: { ...edns, options: [{ code: COOKIE, data: randomBytes(8) }] } };
    case 'bad-cookie':
      return { question, edns: { ...edns, options: [{ code: COOKIE, data: randomBytes(4) }] } };
  }
}

/** Record sets that may need more than one old datagram, the likeliest first. */
export const LARGE = ['DNSKEY', 'TXT'] as const;

export function ladderTrial(zone: DnsName, large: (typeof LARGE)[number], payloadBytes: number): DnsTrial {
  const question = { name: zone, type: large === 'DNSKEY' ? type.dnskey : type.txt };
  return { question, edns: { ...edns, flags: DNSSEC_OK, payloadBytes } };
}

export function soaTrial(zone: DnsName): DnsTrial {
  return { question: { name: zone, type: type.soa }, edns };
}
