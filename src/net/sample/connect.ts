// Owns the TCP connection of a sample: to the pinned address, no name looked up, no family tried behind the caller's back.
import { connect, type Socket } from 'node:net';
import { problem } from '../../model/problem.ts';
import type { Endpoint } from '../../model/target.ts';
import type { TcpFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import { onSyn } from '../on-syn.ts';
import { readTcpInfo } from '../tcp-info.ts';
import { problemOf } from './failure.ts';
import { runStep } from './step.ts';

export interface Connected {
  readonly socket: Socket;
  readonly startMs: number;
  readonly durationMs: number;
  readonly clock: 'kernel' | 'loop';
  readonly tcp: TcpFacts | null;
}

/** `onSent`: see `onSyn`. @throws StepFailure */
export async function connectTo(
  endpoint: Endpoint,
  timeoutMs: number,
  signal: AbortSignal,
  onSocket: (socket: Socket) => void,
  onSent: () => void = () => undefined,
): Promise<Connected> {
  const startMs = now();
  const socket = await runStep<Socket>(
    { step: 'connect', timeoutMs, onTimeout: 'connect-timeout', signal },
    (done, fail) => {
      const opened = connect({ host: endpoint.address, port: endpoint.port, autoSelectFamily: false, noDelay: true });
      onSocket(opened);
      onSyn(opened, onSent);
      // Stays for the life of the socket: an error between two steps must not end the process.
      opened.on('error', (error) => fail(problemOf(error, 'connect', endpoint.family)));
      opened.once('close', () => fail(problem('closed', 'connect')));
      opened.once('connect', () => done(opened));
    },
  );
  const loopMs = now() - startMs;
  const tcp = readTcpInfo(socket);
  // After a lost SYN the kernel's RTT depends on which packet died, so only the loop saw how long it took.
  const kernel = tcp !== null && tcp.retransmits === 0 && tcp.rttMs !== null ? tcp.rttMs : null;
  return { socket, startMs, durationMs: kernel ?? loopMs, clock: kernel === null ? 'loop' : 'kernel', tcp };
}
