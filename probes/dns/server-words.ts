// Owns what a name server's failure to serve its zone amounts to, class by class, in words. Pure.
import { interpret, sameText, type WireText } from '../../src/model/text.ts';
import { errorWords, lamenessWords } from './derive.ts';
import type { ServerEvidence } from './evidence.ts';

const refusals = {
  ECONNREFUSED: 'nothing listens at its port (ICMP: port unreachable)',
  EHOSTUNREACH: 'there is no way to its address (ICMP: host unreachable)',
  ENETUNREACH: 'there is no way to its address (ICMP: network unreachable)',
  NOTAUTH: 'it says that it has no authority for the zone (NOTAUTH)',
  FORMERR: 'it does not understand a plain question (FORMERR)',
  NOTIMP: 'it does not know how to answer a query (NOTIMP)',
} as const;
type Refusal = keyof typeof refusals;

/** For a sentence that begins with the server, which has an error. */
export function failureWords({
  address,
  error,
  lameness,
  detail,
  plainReply,
}: Pick<ServerEvidence, 'address' | 'error' | 'lameness' | 'detail' | 'plainReply'>): string {
  if (plainReply !== undefined) {
    if (plainReply.from === null) return 'it answers only without EDNS, which every resolver sends';
    const whence = plainReply.from === address ? 'another port' : plainReply.from;
    return `its reply comes from ${whence} and not from where it was asked, so that resolvers throw it away`;
  }
  if (error === 'not-authoritative' && lameness !== undefined) return lamenessWords[lameness];
  if (error === 'servfail') return 'it fails to serve the zone (SERVFAIL)';
  const known = detail === undefined ? null : refusalIn(detail);
  return known === null ? errorWords(error ?? 'not-authoritative') : refusals[known];
}

function refusalIn(detail: WireText): Refusal | null {
  // What a server says of the reason may follow the code: `NOTAUTH; Not Authoritative`.
  const code = interpret(detail, (raw): Refusal | null => {
    const first = raw.split(';')[0] ?? '';
    return Object.keys(refusals).find((name): name is Refusal => sameText(name, first)) ?? null;
  });
  return code;
}
