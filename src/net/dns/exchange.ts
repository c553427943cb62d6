// Owns one question to one server from first packet to reply: UDP, TCP after truncation, or the one transport
// that a server is written with; a second try without EDNS.
// Never takes longer than the timeout of one step, and never rejects for what the world does.
import type { DnsQuestion, DnsReply, DnsServer, PlainDnsServer } from '../../contract/net.ts';
import type { Attempt } from '../../model/problem.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { encodeQuery, type Message, type Query } from './message.ts';
import type { SecuredTransport } from './secured.ts';
import { askByTcp } from './tcp.ts';
import { askByUdp, type Heard } from './udp.ts';

export interface Exchange {
  readonly server: PlainDnsServer;
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
function dislikesEdns(message: Message, { nsid, clientSubnet }: DnsQuestion): boolean {
  const hasOption = nsid === true || clientSubnet !== undefined;
  return (!message.edns || hasOption) && (message.rcode === 'FORMERR' || message.rcode === 'NOTIMP');
}

export interface SecuredExchange extends Omit<Exchange, 'server' | 'meter'> {
  readonly server: Exclude<DnsServer, PlainDnsServer>;
  readonly transport: SecuredTransport;
}

/** As `exchange`, over TLS or HTTPS alone: there is no way back to a transport that anybody can read. */
export async function exchangeSecured(asked: SecuredExchange): Promise<Attempt<DnsReply>> {
  const { question, signal, timeoutMs, transport } = asked;
  const startMs = now();
  let heard = await transport.ask({ question, edns: true, timeoutMs, signal });
  if (heard.state === 'heard' && dislikesEdns(heard.message, question)) {
    const leftMs = Math.max(1, timeoutMs - (now() - startMs));
    heard = await transport.ask({ question, edns: false, timeoutMs: leftMs, signal });
  }
  const elapsedMs = now() - startMs;
  if (heard.state === 'cancelled') return { state: 'unfinished', value: null, elapsedMs };
  if (heard.state === 'failed') return { state: 'failed', problem: heard.problem, elapsedMs };
  const { truncated } = heard.message;
  const way = { transport: asked.server.transport, truncated, elapsedMs, verified: transport.verified ?? 'none' };
  return { state: 'complete', value: replyFrom(asked.server, heard.message, way), elapsedMs };
}

function replyFrom(
  server: DnsServer,
  message: Message,
  way: Pick<DnsReply, 'transport' | 'truncated' | 'elapsedMs' | 'verified'>,
): DnsReply {
  return {
    server,
    ...way,
    rcode: message.rcode,
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    authenticated: message.authenticated,
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
