// Owns one hello on one connection: connect to the pinned address, STARTTLS where the target wants it, send, read what comes in the
// clear, hang up. Finishes no handshake, and judges nothing.
import type { Socket } from 'node:net';
import type { Hello, HelloOffer, HelloReply } from '../../contract/hello.ts';
import { type Attempt, type Problem, problem } from '../../model/problem.ts';
import type { Endpoint, Starttls } from '../../model/target.ts';
import { type DnsName, wireText } from '../../model/text.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { connectTo } from '../sample/connect.ts';
import { problemOf } from '../sample/failure.ts';
import { runStep, StepFailure } from '../sample/step.ts';
import { startTls } from '../starttls/start-tls.ts';
import { encodeHello } from './encode.ts';
import { flightReader } from './flight.ts';
import { MalformedFlight } from './octets.ts';

export interface HelloOptions {
  /** Null: no server name is sent. */
  readonly servername: DnsName | null;
  readonly starttls: Starttls | null;
  /** What XMPP opens its stream to. */
  readonly host: string;
  /** Bound on each step: connect, STARTTLS, answer. */
  readonly timeoutMs: number;
  readonly meter: Meter;
}

export function openHello(options: HelloOptions): Hello {
  return async (endpoint, offer, signal) => {
    const beganMs = now();
    const elapsedMs = (): number => Math.round((now() - beganMs) * 1000) / 1000;
    try {
      const value = await helloOnce(endpoint, offer, { ...options, signal });
      return { state: 'complete', value, elapsedMs: elapsedMs() };
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      if (error.problem.code === 'cancelled') return { state: 'unfinished', value: null, elapsedMs: elapsedMs() };
      return { state: 'failed', problem: error.problem, elapsedMs: elapsedMs() } satisfies Attempt<HelloReply>;
    }
  };
}

type Way = HelloOptions & { readonly signal: AbortSignal };

async function helloOnce(endpoint: Endpoint, offer: HelloOffer, way: Way): Promise<HelloReply> {
  const { timeoutMs, signal, meter, starttls, host } = way;
  const bytes = encodeHello(offer, way.servername);
  let opened: Socket | null = null;
  try {
    const keep = (socket: Socket): void => {
      opened = socket;
    };
    const { socket } = await connectTo(endpoint, timeoutMs, signal, keep, () => meter.add({ connections: 1 }));
    if (starttls !== null) await startTls(socket, { protocol: starttls, host, timeoutMs, signal });
    return await answerTo(socket, bytes, way);
  } finally {
    hangUp(opened, meter);
  }
}

function answerTo(socket: Socket, hello: Buffer, { timeoutMs, signal }: Way): Promise<HelloReply> {
  return runStep<HelloReply>({ step: 'tls', timeoutMs, onTimeout: 'tls-timeout', signal }, (done, fail) => {
    const reader = flightReader();
    // What was said before the end counts: a choice is a choice, though its certificates were cut.
    const end = (otherwise: Problem): void => {
      const reply = reader.reply();
      if (reply === null) fail(otherwise);
      else done(reply);
    };
    socket.on('error', (error) => end(problemOf(error, 'tls')));
    socket.once('end', () => end(problem('closed', 'tls')));
    socket.once('close', () => end(problem('closed', 'tls')));
    socket.on('data', (bytes: Buffer) => {
      try {
        if (reader.push(bytes)) end(problem('closed', 'tls'));
      } catch (error) {
        if (!(error instanceof MalformedFlight)) throw error;
        socket.pause();
        end(problem(error.isForeign ? 'not-tls' : 'tls-protocol', 'tls', wireText(error.message)));
      }
    });
    socket.resume();
    socket.write(hello);
  });
}

/** FIN, not RST, where nothing is left unread: servers log it as a client that went away. */
function hangUp(socket: Socket | null, meter: Meter): void {
  if (socket === null) return;
  meter.add({ bytesSent: socket.bytesWritten, bytesReceived: socket.bytesRead });
  socket.removeAllListeners('data');
  socket.destroy();
}
