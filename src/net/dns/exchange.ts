// Owns one question to one server from first packet to reply: UDP, then what a resilient stub does next (TCP, no EDNS, no cookie,
// the new cookie), or the one transport that a server is written with. Every go is written down.
// Never takes longer than the timeout of one step, and never rejects for what the world does.
import type { DnsAsked, DnsQuestion, DnsReply, DnsServer, DnsTry, PlainDnsServer } from '../../contract/net.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import type { Cookies } from './cookies.ts';
import type { CaseLosers } from './letter-case.ts';
import { type Carried, encodeQuery, type Message } from './message.ts';
import type { SecuredTransport } from './secured.ts';
import { askByTcp } from './tcp.ts';
import { askByUdp, type Heard } from './udp.ts';
import type { UdpLines } from './udp-lines.ts';

/** What the questions of one client have in common. */
export interface Ways {
  readonly meter: Meter;
  readonly cookies: Cookies;
  readonly lines: UdpLines;
  /** Null: letters are sent as they are written. */
  readonly caseLosers: CaseLosers | null;
}

export interface Exchange {
  readonly server: PlainDnsServer;
  readonly question: DnsQuestion;
  /** Bound on the whole exchange. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly ways: Ways;
}

/** Any response code is `complete`; `unfinished` when the signal cut it off. */
export async function exchange(asked: Exchange): Promise<DnsAsked> {
  const { question, ways, server } = asked;
  const going = new Going(asked);
  const first = question.transport ?? 'udp';
  let carried: Variant = { edns: true, cookie: true };
  let heard = await going.ask(first, carried);
  for (let next = afterwards(heard, question, carried); next !== null; ) {
    carried = next;
    heard = await going.ask(first, carried);
    next = carried.edns && !carried.cookie ? afterwards(heard, question, carried) : null;
  }
  let transport: DnsReply['transport'] = first;
  let truncated = false;
  const onlyByUdp = first === 'udp' && heard.state === 'heard' ? heard : null;
  if (onlyByUdp !== null && wantsTcp(onlyByUdp)) {
    truncated = onlyByUdp.message.truncated;
    const patience = truncated || onlyByUdp.message.rcode === 'BADCOOKIE' ? 1 : CASE_PATIENCE;
    const whole = await going.ask('tcp', carried, patience);
    // When TCP fails, the part that came is better than nothing.
    if (whole.state !== 'failed') heard = whole;
    if (whole.state === 'heard') transport = 'tcp';
  }
  // What TCP confirms, or what came without TCP to be had: from now on this server is asked in plain letters.
  if (heard.state === 'heard' && heard.caseKept === false) ways.caseLosers?.add(server);
  return going.end(heard, { transport, truncated });
}

/** Part of the timeout that a server without TCP may cost for the letters of its UDP reply alone. */
const CASE_PATIENCE = 1 / 3;

/**
 * RFC 7766 5: a truncated answer is asked for again over TCP. RFC 7873 5.3: so is a question whose cookies were refused twice.
 * So is one whose reply has other letters, unless it carries our cookie: who wrote it may not have seen the question.
 */
function wantsTcp({ message, caseKept }: Heard & { readonly state: 'heard' }): boolean {
  return message.truncated || message.rcode === 'BADCOOKIE' || (caseKept === false && message.cookie === undefined);
}

interface Variant {
  readonly edns: boolean;
  readonly cookie: boolean;
}

/** With what the question is asked once more; null when the answer stands. */
function afterwards(heard: Heard, question: DnsQuestion, carried: Variant): Variant | null {
  if (heard.state !== 'heard') return null;
  // The reply brought a cookie that holds: RFC 7873 5.3.
  if (heard.message.rcode === 'BADCOOKIE') return carried;
  if (dislikesEdns(heard.message, question)) return { edns: false, cookie: false };
  const refused = heard.message.rcode === 'FORMERR' || heard.message.rcode === 'NOTIMP';
  return refused && carried.cookie ? { edns: true, cookie: false } : null;
}

/**
 * RFC 6891 7: a server without EDNS answers an OPT record with FORMERR or NOTIMP, and no OPT of its own.
 * One with EDNS may still choke on an option that it should pass over (RFC 6891 6.1.2), or refuse version 0, below which there is none.
 */
function dislikesEdns(message: Message, { nsid, clientSubnet }: DnsQuestion): boolean {
  const hasOption = nsid === true || clientSubnet !== undefined;
  if (message.rcode === 'BADVERS') return true;
  return (!message.edns || hasOption) && (message.rcode === 'FORMERR' || message.rcode === 'NOTIMP');
}

/** One question under way: its clock, and what was tried. */
class Going {
  readonly #asked: Exchange;
  readonly #startMs = now();
  readonly #tries: DnsTry[] = [];
  #caseKept: boolean | null = null;

  constructor(asked: Exchange) {
    this.#asked = asked;
  }

  async ask(by: 'udp' | 'tcp', { edns, cookie }: Variant, patience = 1): Promise<Heard> {
    const { server, question, timeoutMs, signal, ways } = this.#asked;
    const { cookies, caseLosers, lines, meter } = ways;
    const mixedCase = caseLosers !== null && !caseLosers.has(server);
    if (caseLosers !== null && !mixedCase) this.#caseKept = false;
    const carried: Carried = { edns, cookie: edns && cookie ? cookies.of(server) : null, mixedCase };
    const startMs = now();
    const leftMs = Math.max(1, (timeoutMs - (startMs - this.#startMs)) * patience);
    const asking = { server, query: encodeQuery(question, carried), timeoutMs: leftMs, signal };
    let datagrams = 0;
    const onSent = (): void => {
      datagrams += 1;
    };
    const heard = await (by === 'udp' ? askByUdp({ ...asking, lines, onSent }) : askByTcp({ ...asking, meter }));
    if (heard.state === 'heard' && heard.message.cookie) cookies.keep(server, heard.message.cookie);
    if (heard.state === 'heard' && by === 'udp') this.#caseKept ??= heard.caseKept;
    const sent = by === 'udp' ? datagrams : 1;
    const carrying = { edns, cookie: carried.cookie !== null };
    this.#tries.push({ transport: by, sent, ...carrying, ...told(heard), elapsedMs: now() - startMs });
    return heard;
  }

  end(heard: Heard, way: Pick<DnsReply, 'transport' | 'truncated'>): DnsAsked {
    const caseKept = this.#caseKept ?? (heard.state === 'heard' ? heard.caseKept : null);
    const more = caseKept === null ? {} : { caseKept };
    const elapsedMs = now() - this.#startMs;
    return ended(heard, { server: this.#asked.server, ...way, ...more, elapsedMs }, this.#tries);
  }
}

function told(heard: Heard): Pick<DnsTry, 'outcome' | 'truncated' | 'caseKept'> {
  if (heard.state === 'heard') {
    const { message, caseKept } = heard;
    return { outcome: message.rcode, truncated: message.truncated, caseKept };
  }
  return {
    outcome: heard.state === 'failed' ? heard.problem.code : 'cancelled',
    truncated: false,
    caseKept: null,
  };
}

export interface SecuredExchange extends Omit<Exchange, 'server' | 'ways'> {
  readonly server: Exclude<DnsServer, PlainDnsServer>;
  readonly transport: SecuredTransport;
}

/** As `exchange`, over TLS or HTTPS alone: there is no way back to a transport that anybody can read. */
export async function exchangeSecured(asked: SecuredExchange): Promise<DnsAsked> {
  const { question, signal, timeoutMs, transport, server } = asked;
  const startMs = now();
  const tries: DnsTry[] = [];
  const ask = async (edns: boolean) => {
    const tryMs = now();
    const leftMs = Math.max(1, timeoutMs - (tryMs - startMs));
    const one = await transport.ask({ question, edns, timeoutMs: leftMs, signal });
    const carrying = { transport: server.transport, sent: 1, edns, cookie: false };
    tries.push({ ...carrying, ...told(one.heard), elapsedMs: now() - tryMs });
    return one;
  };
  let one = await ask(true);
  if (one.heard.state === 'heard' && dislikesEdns(one.heard.message, question)) one = await ask(false);
  const { heard, peer } = one;
  const truncated = heard.state === 'heard' && heard.message.truncated;
  const verified = peer?.verified ?? 'none';
  const more = peer?.certificate == null ? {} : { certificate: peer.certificate };
  return ended(
    heard,
    { server, transport: server.transport, truncated, verified, ...more, elapsedMs: now() - startMs },
    tries,
  );
}

type Way = Pick<DnsReply, 'server' | 'transport' | 'truncated' | 'elapsedMs' | 'verified' | 'caseKept' | 'certificate'>;

function ended(heard: Heard, way: Way, tries: readonly DnsTry[]): DnsAsked {
  const { elapsedMs } = way;
  if (heard.state === 'cancelled') return { state: 'unfinished', value: null, elapsedMs, tries };
  if (heard.state === 'failed') return { state: 'failed', problem: heard.problem, elapsedMs, tries };
  return { state: 'complete', value: replyFrom(heard.message, way), elapsedMs, tries };
}

function replyFrom(message: Message, way: Way): DnsReply {
  return {
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
