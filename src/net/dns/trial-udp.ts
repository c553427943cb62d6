// Owns one trial over UDP: an unconnected socket, which hears a reply from whomever it comes.
// Never lets a reply from another address count for more than the fact that it came.
import { createSocket } from 'node:dgram';
import type { DnsTrial, DnsTrialReply, PlainDnsServer } from '../../contract/net.ts';
import { type Attempt, type Problem, problem } from '../../model/problem.ts';
import { familyOf, ipAddress } from '../../model/target.ts';
import { wireText } from '../../model/text.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { MalformedMessage } from './names.ts';
import { socketProblem } from './socket-problem.ts';
import { type EncodedTrial, encodeTrial, readTrial, type TrialRead } from './trial.ts';

export interface Trying {
  readonly server: PlainDnsServer;
  readonly timeoutMs: number;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Messages passed over before the server is given up. */
const MAX_STRANGERS = 64;
/** Parts of the timeout after which the trial is sent again: silence must not be a lost packet. */
const RESEND_AT = [1 / 3, 2 / 3];

export function tryByUdp(
  trial: DnsTrial,
  { server, timeoutMs, meter, signal }: Trying,
): Promise<Attempt<DnsTrialReply>> {
  return new Promise((resolve) => {
    const startMs = now();
    const elapsedMs = () => now() - startMs;
    if (signal.aborted) return resolve({ state: 'unfinished', value: null, elapsedMs: 0 });
    const encoded = encodeTrial(trial);
    const socket = createSocket(familyOf(server.address) === 6 ? 'udp6' : 'udp4');
    const timers: NodeJS.Timeout[] = [];
    let sent = 0;
    let strangers = 0;
    let done = false;
    const finish = (attempt: Attempt<DnsTrialReply>) => {
      if (done) return;
      done = true;
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.removeAllListeners('message').close();
      resolve(attempt);
    };
    const fail = (trouble: Problem) => finish({ state: 'failed', problem: trouble, elapsedMs: elapsedMs() });
    const cancel = () => finish({ state: 'unfinished', value: null, elapsedMs: elapsedMs() });
    const send = () => {
      if (done) return;
      sent += 1;
      meter.add({ dnsQueries: 1, bytesSent: encoded.bytes.length });
      socket.send(encoded.bytes, server.port, server.address, (error) => {
        if (error !== null) fail(socketProblem(error, server.address, 'open'));
      });
    };
    socket.on('error', (error) => fail(socketProblem(error, server.address, 'open')));
    socket.on('message', (bytes, sender) => {
      meter.add({ bytesReceived: bytes.length });
      const heard = readOrFail(encoded, bytes);
      if (heard === null) {
        strangers += 1;
        if (strangers >= MAX_STRANGERS) fail(problem('dns-malformed', 'resolve', wireText('a flood of replies')));
        return;
      }
      if ('code' in heard) return fail(heard);
      const address = ipAddress(sender.address);
      const isAsked = address === server.address && sender.port === server.port;
      const value = { ...heard, from: isAsked ? null : address, sent, elapsedMs: elapsedMs() };
      finish({ state: 'complete', value, elapsedMs: value.elapsedMs });
    });
    timers.push(...RESEND_AT.map((part) => setTimeout(send, timeoutMs * part)));
    timers.push(setTimeout(() => fail(problem('dns-timeout', 'resolve')), timeoutMs));
    signal.addEventListener('abort', cancel, { once: true });
    send();
  });
}

/** Null: a message to another question. */
export function readOrFail(encoded: EncodedTrial, bytes: Buffer): TrialRead | Problem | null {
  try {
    return readTrial(encoded, bytes);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return problem('dns-malformed', 'resolve', wireText(error.message));
  }
}
