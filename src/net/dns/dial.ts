// Owns one TCP connection with TLS to a resolver, and what its certificate was verified for.
// Never hands out a connection whose certificate had to hold and did not.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { CertificateLife } from '../../contract/net.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { type DnsName, type IpAddress, wireText } from '../../model/text.ts';
import type { PeerVerification } from '../../model/trace.ts';
import type { Meter } from '../meter.ts';
import { onSyn } from '../on-syn.ts';
import type { Peer } from './secured.ts';
import { type SocketMoment, socketProblem } from './socket-problem.ts';

export interface Dialled {
  readonly address: IpAddress;
  readonly port: number;
  /** The certificate must hold for it, and it is sent as server name. Null: the address takes its place, and none is sent. */
  readonly name: DnsName | null;
  /** False: a certificate that does not hold is recorded, and the connection used (RFC 7858 4.1). */
  readonly strict: boolean;
  readonly alpn: readonly string[];
  readonly context: SecureContext;
  readonly meter: Meter;
}

export interface Line {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  /** Adds to the meter what went over the wire since the last call. */
  count(): void;
}

export type Dial =
  | { readonly state: 'open'; readonly line: Line }
  | { readonly state: 'failed'; readonly problem: Problem };

/** Settles once; the signal destroys the connection until it is open, then it is the caller's. */
export function dial(dialled: Dialled, signal: AbortSignal): Promise<Dial> {
  const { address, port, meter } = dialled;
  const { promise, resolve } = Promise.withResolvers<Dial>();
  const tcp = connectTcp({ host: address, port, autoSelectFamily: false, noDelay: true });
  onSyn(tcp, () => meter.add({ connections: 1 }));
  const count = counter(tcp, meter);
  const fail = (trouble: Problem): void => {
    signal.removeEventListener('abort', cancel);
    count();
    tcp.destroy();
    resolve({ state: 'failed', problem: trouble });
  };
  const cancel = (): void => fail(problem('cancelled', 'resolve'));
  let moment: SocketMoment = 'open';
  // Both stay for the life of the socket: a late error must not end the process.
  tcp.on('error', (error) => fail(socketProblem(error, address, moment)));
  tcp.once('close', () => fail(closed()));
  tcp.once('connect', () => {
    moment = 'sent';
    secure(tcp, dialled, fail, (socket, verified) => {
      signal.removeEventListener('abort', cancel);
      const peer = { verified, certificate: lifeOf(socket) };
      resolve({ state: 'open', line: { socket, peer, count } });
    });
  });
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  return promise;
}

function secure(
  tcp: Socket,
  { address, name, strict, alpn, context }: Dialled,
  fail: (trouble: Problem) => void,
  done: (socket: TLSSocket, verified: PeerVerification) => void,
): void {
  const socket = connectTls({
    ...{ socket: tcp, host: name ?? address, secureContext: context, ALPNProtocols: [...alpn] },
    ...(name === null ? {} : { servername: name }),
    // Asked below, so that a name given and none given are told apart in one place.
    rejectUnauthorized: false,
  });
  socket.on('error', (error) => fail(tlsProblem(error, address)));
  socket.once('close', () => fail(closed()));
  socket.once('secureConnect', () => {
    if (socket.authorized) return done(socket, name === null ? 'address' : 'name');
    if (!strict) return done(socket, 'none');
    const why = codeOf(socket.authorizationError);
    fail(
      problem(
        'dns-unreachable',
        'resolve',
        wireText(`TLS: the certificate does not hold for ${name ?? address} (${why})`),
      ),
    );
  });
}

function lifeOf(socket: TLSSocket): CertificateLife | null {
  const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
  const life = { startsAtMs: Date.parse(from), endsAtMs: Date.parse(to) };
  return Number.isNaN(life.startsAtMs + life.endsAtMs) ? null : life;
}

function codeOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return typeof error === 'string' ? error : 'not verified';
}

/** OpenSSL's errors and Node's own are TLS; the others come from the socket below. */
function tlsProblem(error: Error, address: IpAddress): Problem {
  const code = codeOf(error);
  if (/^(E[A-Z]+)$/.test(code) && code !== 'EPROTO') return socketProblem(error, address, 'sent');
  return problem('dns-unreachable', 'resolve', wireText(`TLS: ${code}`));
}

function closed(): Problem {
  return problem('dns-unreachable', 'resolve', wireText('connection closed'));
}

function counter(tcp: Socket, meter: Meter): () => void {
  let sent = 0;
  let received = 0;
  return () => {
    meter.add({ bytesSent: tcp.bytesWritten - sent, bytesReceived: tcp.bytesRead - received });
    sent = tcp.bytesWritten;
    received = tcp.bytesRead;
  };
}
