// Owns one question to one server from first packet to reply: UDP, TCP after truncation, a second try without EDNS.
// Never takes longer than the timeout of one step, and never rejects for what the world does.
import type { DnsQuestion, DnsReply, DnsServer } from '../../contract/net.ts';
import type { Attempt } from '../../model/problem.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { encodeQuery, type Message, type Query } from './message.ts';
import { askByTcp } from './tcp.ts';
import { askByUdp, type Heard } from './udp.ts';

export interface Exchange {
  readonly server: DnsServer;
  readonly question: DnsQuestion;
  /** Bound on the whole exchange. */
  readonly timeoutMs: number;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Any response code is `complete`; `unfinished` when the signal cut it off. */
export async function exchange(asked: Exchange): Promise<Attempt<DnsReply>> {
  const startMs = now();
  const leftMs = () => Math.max(1, asked.timeoutMs - (now() - startMs));
  const ask = (by: (asking: Query) => Promise<Heard>, edns: boolean) => by(encodeQuery(asked.question, edns));
  const udp = (query: Query) => askByUdp({ ...asked, query, timeoutMs: leftMs() });
  const tcp = (query: Query) => askByTcp({ ...asked, query, timeoutMs: leftMs() });

  let transport: DnsReply['transport'] = asked.question.transport ?? 'udp';
  const first = transport === 'tcp' ? tcp : udp;
  let heard = await ask(first, true);
  let edns = true;
  if (heard.state === 'heard' && dislikesEdns(heard.message, asked.question)) {
    edns = false;
    heard = await ask(first, false);
  }
  let truncated = false;
  if (heard.state === 'heard' && heard.message.truncated && transport === 'udp') {
    // RFC 7766 5: a truncated answer is asked for again over TCP. When TCP fails, the part that came is better than nothing.
    truncated = true;
    const whole = await ask(tcp, edns);
    if (whole.state === 'cancelled') heard = whole;
    if (whole.state === 'heard') {
      heard = whole;
      transport = 'tcp';
    }
  }
  const elapsedMs = now() - startMs;
  if (heard.state === 'cancelled') return { state: 'unfinished', value: null, elapsedMs };
  if (heard.state === 'failed') return { state: 'failed', problem: heard.problem, elapsedMs };
  const value = replyFrom(asked.server, heard.message, { transport, truncated, elapsedMs });
  return { state: 'complete', value, elapsedMs };
}

/**
 * RFC 6891 7: a server without EDNS answers an OPT record with FORMERR or NOTIMP, and no OPT of its own.
 * One with EDNS may still choke on an option that it should pass over (RFC 6891 6.1.2).
 */
function dislikesEdns(message: Message, { nsid }: DnsQuestion): boolean {
  return (!message.edns || nsid === true) && (message.rcode === 'FORMERR' || message.rcode === 'NOTIMP');
}

function replyFrom(
  server: DnsServer,
  message: Message,
  way: Pick<DnsReply, 'transport' | 'truncated' | 'elapsedMs'>,
): DnsReply {
  return {
    server,
    ...way,
    rcode: message.rcode,
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    answers: message.answers,
    authorities: message.authorities,
    additionals: message.additionals,
    unreadableRecords: message.unreadableRecords,
    nsid: message.nsid,
    dnssecOk: message.dnssecOk,
    ...(message.ede !== undefined && { ede: message.ede }),
    ...(message.clientSubnet !== undefined && { clientSubnet: message.clientSubnet }),
  };
}
