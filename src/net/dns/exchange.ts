// Owns one question to one server from first packet to reply: UDP, TCP after truncation, or the one transport
// that a server is written with; a second try without EDNS.
// Never takes longer than the timeout of one step, and never rejects for what the world does.
import type { DnsQuestion, DnsReply, DnsServer, PlainDnsServer } from '../../contract/net.ts';
import type { Attempt } from '../../model/problem.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import type { Cookies } from './cookies.ts';
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
  readonly cookies: Cookies;
}

/** Any response code is `complete`; `unfinished` when the signal cut it off. */
export async function exchange(asked: Exchange): Promise<Attempt<DnsReply>> {
  const startMs = now();
  const leftMs = () => Math.max(1, asked.timeoutMs - (now() - startMs));
  const udp = (query: Query) => askByUdp({ ...asked, query, timeoutMs: leftMs() });
  const tcp = (query: Query) => askByTcp({ ...asked, query, timeoutMs: leftMs() });
  const ask = async (by: typeof udp, { edns, cookie }: Carried): Promise<Heard> => {
    // RFC 7873 5.2: whoever completes a TCP handshake is no forger.
    const ours = edns && cookie && by === udp ? asked.cookies.of(asked.server) : null;
    const one = await by(encodeQuery(asked.question, edns, ours));
    if (one.state === 'heard' && one.message.cookie) asked.cookies.keep(asked.server, one.message.cookie);
    return one;
  };

  let transport: DnsReply['transport'] = asked.question.transport ?? 'udp';
  const first = transport === 'tcp' ? tcp : udp;
  let carried: Carried = { edns: true, cookie: true };
  let heard = await ask(first, carried);
  for (let next = afterwards(heard, asked.question, carried); next !== null; ) {
    carried = next;
    heard = await ask(first, carried);
    next = carried.edns && !carried.cookie ? afterwards(heard, asked.question, carried) : null;
  }
  let truncated = false;
  const turned = heard.state === 'heard' && (heard.message.truncated || heard.message.rcode === 'BADCOOKIE');
  if (heard.state === 'heard' && turned && transport === 'udp') {
    // RFC 7766 5: a truncated answer is asked for again over TCP. When TCP fails, the part that came is better than nothing.
    // RFC 7873 5.3: so is a question whose cookies were refused twice.
    truncated = heard.message.truncated;
    const whole = await ask(tcp, carried);
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

/** What a query carries beside its question. */
interface Carried {
  readonly edns: boolean;
  readonly cookie: boolean;
}

/** With what the question is asked once more; null when the answer stands. */
function afterwards(heard: Heard, question: DnsQuestion, carried: Carried): Carried | null {
  if (heard.state !== 'heard') return null;
  // The reply brought a cookie that holds: RFC 7873 5.3.
  if (heard.message.rcode === 'BADCOOKIE') return carried;
  if (dislikesEdns(heard.message, question)) return { edns: false, cookie: false };
  const refused = heard.message.rcode === 'FORMERR' || heard.message.rcode === 'NOTIMP';
  return refused && carried.cookie ? { edns: true, cookie: false } : null;
}

/**
 * RFC 6891 7: a server without EDNS answers an OPT record with FORMERR or NOTIMP, and no OPT of its own.
 * One with EDNS may still choke on an option that it should pass over (RFC 6891 6.1.2).
 */
function dislikesEdns(message: Message, { nsid, clientSubnet }: DnsQuestion): boolean {
  const hasOption = nsid === true || clientSubnet !== undefined;
  return (!message.edns || hasOption) && (message.rcode === 'FORMERR' || message.rcode === 'NOTIMP');
}

export interface SecuredExchange extends Omit<Exchange, 'server' | 'meter' | 'cookies'> {
  readonly server: Exclude<DnsServer, PlainDnsServer>;
  readonly transport: SecuredTransport;
}

/** As `exchange`, over TLS or HTTPS alone: there is no way back to a transport that anybody can read. */
export async function exchangeSecured(asked: SecuredExchange): Promise<Attempt<DnsReply>> {
  const { question, signal, timeoutMs, transport } = asked;
  const startMs = now();
  let { heard, verified } = await transport.ask({ question, edns: true, timeoutMs, signal });
  if (heard.state === 'heard' && dislikesEdns(heard.message, question)) {
    const leftMs = Math.max(1, timeoutMs - (now() - startMs));
    ({ heard, verified } = await transport.ask({ question, edns: false, timeoutMs: leftMs, signal }));
  }
  const elapsedMs = now() - startMs;
  if (heard.state === 'cancelled') return { state: 'unfinished', value: null, elapsedMs };
  if (heard.state === 'failed') return { state: 'failed', problem: heard.problem, elapsedMs };
  const { truncated } = heard.message;
  const way = { transport: asked.server.transport, truncated, elapsedMs, verified: verified ?? 'none' } as const;
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
