// Owns asking whether a server gives its whole zone away (RFC 5936): the beginning of the transfer proves it.
// Never reads a zone to its end: it hangs up after a bounded number of records.
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import dnsPacket from 'dns-packet';
import type { PlainDnsServer, ZoneTransfer } from '../../contract/net.ts';
import { type Attempt, problem } from '../../model/problem.ts';
import { type DnsName, sameText, wireText } from '../../model/text.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { decodeMessage, type Message } from './message.ts';
import { MalformedMessage } from './names.ts';
import { type SocketMoment, socketProblem } from './socket-problem.ts';
import { framed } from './tcp.ts';

/** https://www.iana.org/assignments/dns-parameters */
const AXFR = 252;
/** Enough to prove that the zone comes. */
const MAX_RECORDS = 100;
/** A server may put one record into each message (RFC 5936 2.2). */
const MAX_MESSAGES = 100;
/** What is kept of the stream at once: one message and its length. */
const MAX_FRAME = 2 + 0xffff;

export interface Transferring {
  readonly server: PlainDnsServer;
  readonly zone: DnsName;
  readonly timeoutMs: number;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Any response code is `complete`; a zone that is cut off by the server after its first records, too. */
export function beginTransfer({
  server,
  zone,
  timeoutMs,
  meter,
  signal,
}: Transferring): Promise<Attempt<ZoneTransfer>> {
  return new Promise((resolve) => {
    const startMs = now();
    if (signal.aborted) return resolve({ state: 'unfinished', value: null, elapsedMs: 0 });
    const seen = new Beginning(zone, randomInt(0x1_0000));
    const socket = connect({ host: server.address, port: server.port, autoSelectFamily: false });
    let moment: SocketMoment = 'open';
    const finish = (attempt: Attempt<ZoneTransfer>) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.removeAllListeners().on('error', () => {});
      socket.destroy();
      resolve(attempt);
    };
    const elapsedMs = () => now() - startMs;
    const told = () => finish({ state: 'complete', value: seen.read(), elapsedMs: elapsedMs() });
    const fail = (trouble: ReturnType<typeof problem>) => {
      if (seen.read().records > 0) return told();
      finish({ state: 'failed', problem: trouble, elapsedMs: elapsedMs() });
    };
    const cancel = () => finish({ state: 'unfinished', value: null, elapsedMs: elapsedMs() });
    const timer = setTimeout(() => fail(problem('dns-timeout', 'gather')), timeoutMs);
    signal.addEventListener('abort', cancel, { once: true });
    meter.add({ connections: 1 });
    socket.on('error', (error) => fail(socketProblem(error, server.address, moment)));
    socket.on('close', () => fail(problem('dns-unreachable', 'gather', wireText('connection closed'))));
    socket.on('connect', () => {
      moment = 'sent';
      const bytes = framed(seen.query());
      meter.add({ dnsQueries: 1, bytesSent: bytes.length });
      socket.write(bytes);
    });
    socket.on('data', (chunk: Buffer) => {
      meter.add({ bytesReceived: chunk.length });
      try {
        if (seen.take(chunk)) told();
      } catch (error) {
        if (!(error instanceof MalformedMessage)) throw error;
        fail(problem('dns-malformed', 'gather', wireText(error.message)));
      }
    });
  });
}

/** The messages of a transfer as they come, until there is enough of them. */
class Beginning {
  #bytes: Buffer = Buffer.alloc(0);
  #messages = 0;
  #records = 0;
  #ends = 0;
  #rcode = 'NOERROR';
  readonly #zone: DnsName;
  readonly #id: number;
  constructor(zone: DnsName, id: number) {
    this.#zone = zone;
    this.#id = id;
  }
  query(): Buffer {
    const questions = [{ name: this.#zone, type: `UNKNOWN_${AXFR}` as dnsPacket.RecordType }];
    return dnsPacket.encode({ type: 'query', id: this.#id, flags: 0, questions });
  }
  /**
   * True when nothing more needs to be read: a refusal, the end of the zone, or the bound.
   * @throws MalformedMessage when a message cannot be read
   */
  take(chunk: Buffer): boolean {
    for (let rest = chunk; rest.length > 0; ) {
      const room = MAX_FRAME - this.#bytes.length;
      this.#bytes = Buffer.concat([this.#bytes, rest.subarray(0, room)]);
      rest = rest.subarray(room);
      if (this.#readFrames()) return true;
    }
    return false;
  }
  read(): ZoneTransfer {
    return { rcode: this.#rcode, records: this.#records };
  }
  #readFrames(): boolean {
    while (this.#bytes.length >= 2 && this.#bytes.length >= 2 + this.#bytes.readUInt16BE(0)) {
      const end = 2 + this.#bytes.readUInt16BE(0);
      const message = decodeMessage(this.#bytes.subarray(2, end));
      this.#bytes = this.#bytes.subarray(end);
      if (message.id !== this.#id) throw new MalformedMessage('a reply to another question');
      if (this.#count(message)) return true;
    }
    return false;
  }
  #count({ rcode, answers }: Message): boolean {
    this.#messages += 1;
    if (this.#records === 0) this.#rcode = rcode;
    // RFC 5936 2.2: the zone begins and ends with its SOA record. Anything else is no transfer.
    const begins = answers[0]?.type === 'SOA' && sameText(answers[0].name, this.#zone);
    if (rcode !== 'NOERROR' || (this.#records === 0 && !begins)) return true;
    this.#records += answers.length;
    this.#ends += answers.filter(({ type }) => type === 'SOA').length;
    return this.#ends > 1 || this.#records >= MAX_RECORDS || this.#messages >= MAX_MESSAGES;
  }
}
