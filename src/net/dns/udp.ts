// Owns one question over UDP: one connected socket of its own, re-sends, and a patient ear for the right answer.
// Never believes a reply with another id or question, and never outlives its time.
import { createSocket } from 'node:dgram';
import type { PlainDnsServer } from '../../contract/net.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { familyOf } from '../../model/target.ts';
import { wireText } from '../../model/text.ts';
import type { Meter } from '../meter.ts';
import { type Message, type Query, replyTo } from './message.ts';
import { MalformedMessage } from './names.ts';
import { type SocketMoment, socketProblem } from './socket-problem.ts';

export interface Asking {
  readonly server: PlainDnsServer;
  readonly query: Query;
  readonly timeoutMs: number;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

export type Heard =
  | { readonly state: 'heard'; readonly message: Message }
  | { readonly state: 'failed'; readonly problem: Problem }
  | { readonly state: 'cancelled' };

/** Replies to other questions that are passed over before the server is given up: a flood must not keep us busy. */
const MAX_STRANGERS = 64;

/** Parts of the timeout after which the query is sent again. */
const RESEND_AT = [1 / 3, 2 / 3];

/** A new socket for each query gives each its own random port (RFC 5452 9.2); connected, it hears no other sender. */
export function askByUdp({ server, query, timeoutMs, meter, signal }: Asking): Promise<Heard> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ state: 'cancelled' });
    const socket = createSocket(familyOf(server.address) === 6 ? 'udp6' : 'udp4');
    const timers: NodeJS.Timeout[] = [];
    let strangers = 0;
    let done = false;
    let moment: SocketMoment = 'open';
    const finish = (heard: Heard) => {
      done = true;
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket
        .removeAllListeners('message')
        .removeAllListeners('error')
        .on('error', () => {});
      socket.close();
      resolve(heard);
    };
    const fail = (error: Error) => {
      if (!done) finish({ state: 'failed', problem: socketProblem(error, server.address, moment) });
    };
    const cancel = () => finish({ state: 'cancelled' });
    const send = () => {
      meter.add({ dnsQueries: 1, bytesSent: query.bytes.length });
      socket.send(query.bytes, (error) => error !== null && fail(error));
    };
    socket.on('error', fail);
    socket.on('message', (bytes) => {
      meter.add({ bytesReceived: bytes.length });
      const heard = listen(query, bytes);
      if (heard !== null) return finish(heard);
      strangers += 1;
      if (strangers >= MAX_STRANGERS) finish(onlyStrangers(strangers));
    });
    socket.connect(server.port, server.address, ((error?: Error) => {
      if (done) return;
      if (error) return fail(error);
      moment = 'sent';
      send();
      timers.push(...RESEND_AT.map((part) => setTimeout(send, timeoutMs * part)));
    }) as () => void);
    timers.push(setTimeout(() => finish(strangers > 0 ? onlyStrangers(strangers) : silence()), timeoutMs));
    signal.addEventListener('abort', cancel, { once: true });
  });
}

/** The answer in these bytes, or null when they belong to another question. */
export function listen(query: Query, bytes: Buffer): Heard | null {
  try {
    const message = replyTo(query, bytes);
    return message === null ? null : { state: 'heard', message };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { state: 'failed', problem: problem('dns-malformed', 'resolve', wireText(error.message)) };
  }
}

export function silence(): Heard {
  return { state: 'failed', problem: problem('dns-timeout', 'resolve') };
}

function onlyStrangers(count: number): Heard {
  const words = wireText(`${count} ${count === 1 ? 'reply' : 'replies'}, none to the question asked`);
  return { state: 'failed', problem: problem('dns-malformed', 'resolve', words) };
}
