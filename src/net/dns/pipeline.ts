// Owns several trials on one TCP connection, sent at once: whether a server answers more than the first (RFC 7766 6.2.1.1).
// Never keeps more of the stream than what two bytes of length can promise.
import { connect } from 'node:net';
import type { DnsTrial, DnsTrialReply, PipelineReply } from '../../contract/net.ts';
import { type Attempt, type Problem, problem } from '../../model/problem.ts';
import { now } from '../clock.ts';
import { type SocketMoment, socketProblem } from './socket-problem.ts';
import { framed } from './tcp.ts';
import { type EncodedTrial, encodeTrial } from './trial.ts';
import { readOrFail, type Trying } from './trial-udp.ts';

export function pipeline(
  trials: readonly DnsTrial[],
  { server, timeoutMs, meter, signal }: Trying,
): Promise<Attempt<PipelineReply>> {
  return new Promise((resolve) => {
    const startMs = now();
    const elapsedMs = () => now() - startMs;
    if (signal.aborted) return resolve({ state: 'unfinished', value: null, elapsedMs: 0 });
    const encoded = encodeEach(trials);
    const replies: (DnsTrialReply | null)[] = trials.map(() => null);
    const socket = connect({ host: server.address, port: server.port, autoSelectFamily: false, noDelay: true });
    let pending = Buffer.alloc(0);
    let moment: SocketMoment = 'open';
    let isOpen = false;
    const end = (attempt: Attempt<PipelineReply>) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.removeAllListeners().on('error', () => {});
      socket.destroy();
      resolve(attempt);
    };
    const fail = (trouble: Problem) => end({ state: 'failed', problem: trouble, elapsedMs: elapsedMs() });
    const cancel = () => end({ state: 'unfinished', value: null, elapsedMs: elapsedMs() });
    const finish = (closedEarly: boolean) =>
      end({ state: 'complete', value: { replies, closedEarly }, elapsedMs: elapsedMs() });
    const timer = setTimeout(() => (isOpen ? finish(false) : fail(problem('dns-timeout', 'resolve'))), timeoutMs);
    signal.addEventListener('abort', cancel, { once: true });
    meter.add({ connections: 1 });
    socket.on('error', (error) => (isOpen ? finish(true) : fail(socketProblem(error, server.address, moment))));
    socket.on('close', () => finish(true));
    socket.on('connect', () => {
      moment = 'sent';
      isOpen = true;
      // In one segment: a server that reads only the first message of it shows that here.
      const bytes = Buffer.concat(encoded.map((one) => framed(one.bytes)));
      meter.add({ dnsQueries: encoded.length, bytesSent: bytes.length });
      socket.write(bytes);
    });
    socket.on('data', (chunk: Buffer) => {
      meter.add({ bytesReceived: chunk.length });
      const taken = messagesIn(Buffer.concat([pending, chunk]));
      pending = taken.rest;
      for (const bytes of taken.messages) {
        const index = encoded.findIndex(({ id }) => bytes.length >= 2 && id === bytes.readUInt16BE(0));
        const one = encoded[index];
        const heard = one === undefined ? null : readOrFail(one, bytes);
        if (heard === null || 'code' in heard) continue;
        replies[index] = { ...heard, from: null, sent: 1, elapsedMs: elapsedMs() };
      }
      if (replies.every((reply) => reply !== null)) finish(false);
    });
  });
}

/** With an id of its own each, because answers may come in any order. */
function encodeEach(trials: readonly DnsTrial[]): readonly EncodedTrial[] {
  const encoded: EncodedTrial[] = [];
  for (const trial of trials) {
    let one = encodeTrial(trial);
    while (encoded.some(({ id }) => id === one.id)) one = encodeTrial(trial);
    encoded.push(one);
  }
  return encoded;
}

/** The whole messages at the front of a stream, and the bytes behind them: fewer than one message. */
export function messagesIn(stream: Buffer): {
  readonly messages: readonly Buffer[];
  readonly rest: Buffer<ArrayBuffer>;
} {
  const messages: Buffer[] = [];
  let at = 0;
  while (at + 2 <= stream.length && at + 2 + stream.readUInt16BE(at) <= stream.length) {
    const end = at + 2 + stream.readUInt16BE(at);
    messages.push(stream.subarray(at + 2, end));
    at = end;
  }
  return { messages, rest: Buffer.from(stream.subarray(at)) };
}
