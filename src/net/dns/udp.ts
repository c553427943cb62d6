// Owns one question over UDP: re-sends, and a patient ear for the right answer.
// Never believes a reply with another id or question, and never outlives its time.
import type { PlainDnsServer } from '../../contract/net.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
import { now } from '../clock.ts';
import { onAbort } from '../on-abort.ts';
import { inPlainLetters } from './letter-case.ts';
import { keepsCase, type Message, type Query, replyTo } from './message.ts';
import { MalformedMessage } from './names.ts';
import { type SocketMoment, socketProblem } from './socket-problem.ts';
import type { UdpLines } from './udp-lines.ts';

export interface Asking {
  readonly server: PlainDnsServer;
  readonly query: Query;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface UdpAsking extends Asking {
  readonly lines: UdpLines;
  /** For each datagram. */
  readonly onSent: () => void;
}

export type Heard =
  | { readonly state: 'heard'; readonly message: Message; readonly caseKept: boolean | null }
  | { readonly state: 'failed'; readonly problem: Problem }
  | { readonly state: 'cancelled' };

/** Replies to other questions that are passed over before the server is given up: a flood must not keep us busy. */
const MAX_STRANGERS = 64;

/** Parts of the timeout after which the query is sent again. */
const RESEND_AT = [1 / 3, 2 / 3];

/**
 * Sent again twice. The last time in plain letters: where it is mixed ones that something on the way does not take, no more is lost
 * than with two lost datagrams.
 */
export function askByUdp({ server, query, timeoutMs, signal, lines, onSent }: UdpAsking): Promise<Heard> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ state: 'cancelled' });
    const startMs = now();
    let strangers = 0;
    let sent = 0;
    let done = false;
    const finish = (heard: Heard): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      forget();
      lease.release();
      resolve(heard);
    };
    const fail = (error: Error, moment: SocketMoment): void =>
      finish({ state: 'failed', problem: socketProblem(error, server.address, moment) });
    const isPlain = (): boolean => sent > RESEND_AT.length;
    const send = (): void => {
      sent += 1;
      onSent();
      lease.send(isPlain() ? inPlainLetters(query) : query.bytes);
    };
    const onTime = (): void => {
      const elapsedMs = now() - startMs;
      if (elapsedMs >= timeoutMs) return finish(strangers > 0 ? onlyStrangers(strangers) : silence());
      const due = RESEND_AT.filter((part) => part * timeoutMs <= elapsedMs).length;
      if (sent > 0 && sent <= due) send();
      timer = setTimeout(onTime, Math.ceil(timeoutMs * (RESEND_AT[due] ?? 1) - elapsedMs));
    };
    let timer = setTimeout(onTime, Math.ceil(timeoutMs * (RESEND_AT[0] ?? 1)));
    const forget = onAbort(signal, () => finish({ state: 'cancelled' }));
    const stranger = (): void => {
      strangers += 1;
      if (strangers >= MAX_STRANGERS) finish(onlyStrangers(strangers));
    };
    const lease = lines.lease(server, query.id, {
      open: send,
      message(bytes) {
        const heard = listen(isPlain() ? { ...query, mixed: null } : query, bytes);
        if (heard === null) stranger();
        else finish(heard);
      },
      stranger,
      fail,
    });
  });
}

/** The answer in these bytes, or null when they belong to another question. */
export function listen(query: Query, bytes: Buffer): Heard | null {
  try {
    const message = replyTo(query, bytes);
    return message === null ? null : { state: 'heard', message, caseKept: keepsCase(query, message, bytes) };
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
