// Owns the TCP connection of a sample: to the pinned address, no name looked up, no family tried behind the caller's back.
import { connect, type Socket } from 'node:net';
import { problem } from '../../model/problem.ts';
import type { Endpoint } from '../../model/target.ts';
import type { Span, TcpFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import { watchLateness } from '../lateness.ts';
import { onSyn } from '../on-syn.ts';
import type { Stamping } from '../stamped/open.ts';
import type { StampedSocket } from '../stamped/socket.ts';
import { readTcpInfo } from '../tcp-info.ts';
import { problemOf } from './failure.ts';
import { runStep } from './step.ts';

export interface Connected extends Omit<Span, 'startMs'> {
  readonly socket: Socket;
  /** The same socket, where it is one of our own. */
  readonly stamped: StampedSocket | null;
  readonly startMs: number;
  readonly tcp: TcpFacts | null;
}

/** Of the kernel's round trip time, as the kernel counts it in microseconds (linux/tcp.h) and smooths nothing when it is the first. */
const RTT_UNCERTAINTY_MS = 0.05;

/** `onSent`: see `onSyn`. `stamping`: by a socket of our own; null: by Node's. @throws StepFailure */
export async function connectTo(
  endpoint: Endpoint,
  timeoutMs: number,
  signal: AbortSignal,
  onSocket: (socket: Socket) => void,
  onSent: () => void = () => undefined,
  stamping: Stamping | null = null,
): Promise<Connected> {
  const startMs = now();
  let stamped: StampedSocket | null = null;
  const lateness = watchLateness();
  const socket = await runStep<Socket>(
    { step: 'connect', timeoutMs, onTimeout: 'connect-timeout', signal },
    (done, fail) => {
      stamped = stamping?.connect(endpoint) ?? null;
      const opened = stamped === null ? connectByNode(endpoint, onSent) : asSocket(stamped);
      if (stamped?.sentSyn === true) onSent();
      onSocket(opened);
      // Stays for the life of the socket: an error between two steps must not end the process.
      opened.on('error', (error) => fail(problemOf(error, 'connect', endpoint.family)));
      opened.once('close', () => fail(problem('closed', 'connect')));
      opened.once('connect', () => done(opened));
    },
  ).finally(lateness.stop);
  const loopMs = now() - startMs;
  const own = stamped as StampedSocket | null;
  const lateMs = own?.connectLateMs ?? lateness.lateAt(startMs + loopMs);
  const tcp = withSynsLost(own === null ? readTcpInfo(socket) : own.tcpFacts());
  return { socket, stamped: own, startMs, ...connectSpan(loopMs, lateMs, tcp), tcp };
}

function connectByNode({ address, port }: Endpoint, onSent: () => void): Socket {
  const opened = connect({ host: address, port, autoSelectFamily: false, noDelay: true });
  onSyn(opened, onSent);
  return opened;
}

/** Node:tls, node:http2 and undici take any duplex stream for a socket; what they call on it besides is optional to them. */
function asSocket(stamped: StampedSocket): Socket {
  return stamped as unknown as Socket;
}

/** Nothing but the SYN can have been sent again before the connection stands. */
function withSynsLost(tcp: TcpFacts | null): TcpFacts | null {
  return tcp === null || tcp.retransmits === 0 ? tcp : { ...tcp, synsLost: tcp.retransmits };
}

/** @param lateMs how long the answer may have lain before the loop told of it */
function connectSpan(loopMs: number, lateMs: number, tcp: TcpFacts | null): Omit<Span, 'startMs'> {
  const retransmits = tcp?.retransmits ?? 0;
  const byLoop = { durationMs: loopMs, clock: 'loop', uncertaintyMs: Math.min(loopMs, lateMs) } as const;
  if (retransmits > 0) return { ...byLoop, retransmits };
  // After a lost SYN the kernel's RTT depends on which packet died, so only the loop saw how long it took.
  const kernel = tcp?.rttMs ?? null;
  return kernel === null ? byLoop : { durationMs: kernel, clock: 'kernel', uncertaintyMs: RTT_UNCERTAINTY_MS };
}
