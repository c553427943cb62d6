// Owns the handshakes that probes ask for beyond the ride: what is offered is theirs, the rest is as in the ride. Sends no request,
// keeps sessions to itself, and judges nothing.
import type { SecureContext, SecureContextOptions, TLSSocket } from 'node:tls';
import type { Handshake, HandshakeOffer, HandshakeReply, TlsSession } from '../../contract/handshake.ts';
import { type Problem, problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { Endpoint, Starttls } from '../../model/target.ts';
import type { DnsName } from '../../model/text.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { NO_CHAIN } from '../sample/chain-walk.ts';
import { walkIsAsSent } from '../sample/chain-walk-trial.ts';
import { connectTo } from '../sample/connect.ts';
import { handshake, type Learnt, secureContext } from '../sample/handshake.ts';
import { StepFailure } from '../sample/step.ts';
import { startTls } from '../starttls/start-tls.ts';
import { sessionWords } from './session.ts';

export interface OpenHandshakeOptions {
  /** What the ride sends. */
  readonly servername: DnsName | null;
  readonly alpn: readonly string[];
  readonly starttls: Starttls | null;
  /** What XMPP opens its stream to. */
  readonly host: string;
  readonly identity: { readonly certificatePem: string; readonly key: Secret } | null;
  /** Bound on each step: connect, STARTTLS, handshake. */
  readonly timeoutMs: number;
  readonly meter: Meter;
}

/**
 * The certificate of a TLS 1.3 server is chosen by what it may sign with, that of an older one by the ciphers too. RSA with PKCS #1
 * is of no use to sign a TLS 1.3 handshake with (RFC 8446 4.2.3), but an ECDSA certificate may well be signed by it.
 */
const ONLY: Readonly<Record<'rsa' | 'ecdsa', SecureContextOptions>> = {
  rsa: {
    ciphers: 'aRSA@SECLEVEL=0',
    sigalgs:
      'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:' +
      'RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1',
  },
  ecdsa: {
    ciphers: 'aECDSA@SECLEVEL=0',
    sigalgs:
      'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ECDSA+SHA1:RSA+SHA256:RSA+SHA384:RSA+SHA512',
  },
};

const TICKET_NAME_BYTES = 16;
const MAX_TICKETS = 4;

/** What probes can hold of a session, and what is behind it. */
const sessions = new WeakMap<TlsSession, Buffer>();

/** Ready at once; contexts and the trial of the chain walk are made when they are first wanted. */
export function openHandshake(options: OpenHandshakeOptions): Handshake {
  const contexts = new Map<string, SecureContext>();
  const contextFor = ({ keyType, groups, minVersion, maxVersion, roots = [] }: HandshakeOffer): SecureContext => {
    const wanted: SecureContextOptions = {
      ...(keyType === undefined ? {} : ONLY[keyType]),
      ...(groups === undefined ? {} : { ecdhCurve: groups.join(':') }),
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
    };
    const key = JSON.stringify(wanted);
    const known = roots.length === 0 ? contexts.get(key) : undefined;
    const context = known ?? secureContext(roots.map(pemOf), options.identity, wanted);
    if (roots.length === 0) contexts.set(key, context);
    return context;
  };
  return (endpoint, offer, signal) => shakeOnce(options, { endpoint, offer, context: contextFor(offer) }, signal);
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

interface Wanted {
  readonly endpoint: Endpoint;
  readonly offer: HandshakeOffer;
  readonly context: SecureContext;
}

/** Filled as the handshake goes on. */
interface Heard extends Learnt {
  connectMs: number | null;
  answerMs: number | null;
  finishedMs: number | null;
  resumed: boolean;
  readonly tickets: Uint8Array[];
  session: Buffer | null;
  onTicket: () => void;
}

async function shakeOnce(options: OpenHandshakeOptions, wanted: Wanted, signal: AbortSignal): Promise<HandshakeReply> {
  const heard: Heard = {
    ...{ chain: NO_CHAIN, facts: null, staple: null, connectMs: null, answerMs: null, finishedMs: null },
    ...{ resumed: false, tickets: [], session: null, onTicket: () => undefined },
  };
  let failed: Problem | null = null;
  let close = (): void => undefined;
  const keep = (socket: { destroy(): unknown; readonly bytesWritten: number; readonly bytesRead: number }): void => {
    close = () => {
      options.meter.add({ bytesSent: socket.bytesWritten, bytesReceived: socket.bytesRead });
      socket.destroy();
    };
  };
  try {
    if (!(await walkIsAsSent())) throw new StepFailure(problem('internal', 'tls'));
    await connectAndShake(options, wanted, heard, { signal, keep });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    failed = error.problem;
  } finally {
    close();
  }
  return replyOf(heard, failed);
}

interface Way {
  readonly signal: AbortSignal;
  readonly keep: Parameters<typeof connectTo>[3];
}

async function connectAndShake(
  { alpn, servername, timeoutMs, meter, starttls, host }: OpenHandshakeOptions,
  { endpoint, offer, context }: Wanted,
  heard: Heard,
  { signal, keep }: Way,
): Promise<void> {
  const connected = await connectTo(endpoint, timeoutMs, signal, keep, () => meter.add({ connections: 1 }));
  heard.connectMs = connected.durationMs;
  if (starttls !== null) await startTls(connected.socket, { protocol: starttls, host, timeoutMs, signal });
  const session = offer.resume === undefined ? undefined : sessions.get(offer.resume);
  const beganMs = now();
  const secured = await handshake(
    connected.socket,
    {
      ...{ context, timeoutMs, readsChain: true, alpn: offer.alpn ?? alpn },
      servername: offer.servername === undefined ? servername : offer.servername,
      ...(session === undefined ? {} : { session }),
      onSocket: (socket) => listen(socket, heard, beganMs),
    },
    heard,
    signal,
  );
  heard.finishedMs = now() - beganMs;
  heard.resumed = secured.isSessionReused();
  // A session that was taken up says whose key it is; who refused it tells by new tickets.
  if (offer.noTickets !== true && !heard.resumed) await ticketsOf(secured, heard, connected.durationMs, signal);
}

/** The first key is made when ServerHello has been read (RFC 8446 7.1), before TLS 1.3 when all of the server's first flight has. Its line is not looked at. */
function listen(socket: TLSSocket, heard: Heard, beganMs: number): void {
  socket.once('keylog', () => {
    heard.answerMs = now() - beganMs;
  });
  socket.on('session', (session: Buffer) => {
    heard.session = session;
    const ticket = socket.getTLSTicket();
    if (ticket !== undefined && ticket.byteLength >= TICKET_NAME_BYTES && heard.tickets.length < MAX_TICKETS) {
      heard.tickets.push(Uint8Array.from(ticket.subarray(0, TICKET_NAME_BYTES)));
    }
    heard.onTicket();
  });
}

/** A second ticket comes with the first, if at all. */
const SECOND_TICKET_MS = 20;
const LEAST_WAIT_MS = 120;
const MOST_WAIT_MS = 1000;

/** Before TLS 1.3 a ticket comes within the handshake; since then behind our last words of it, a way there and back later (RFC 8446 4.6.1). */
function ticketsOf(socket: TLSSocket, heard: Heard, connectMs: number, signal: AbortSignal): Promise<void> {
  const isLate = socket.getProtocol() === 'TLSv1.3';
  const waitMs = isLate ? Math.min(LEAST_WAIT_MS + 3 * connectMs, MOST_WAIT_MS) : 0;
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      heard.onTicket = () => undefined;
      resolve();
    };
    const afterTicket = (): void => {
      clearTimeout(timer);
      if (heard.tickets.length > 1) done();
      else timer = setTimeout(done, isLate ? SECOND_TICKET_MS : 0);
    };
    let timer = setTimeout(done, waitMs);
    heard.onTicket = afterTicket;
    if (heard.session !== null) afterTicket();
    signal.addEventListener('abort', done, { once: true });
    socket.once('close', done);
    if (signal.aborted || socket.destroyed) done();
  });
}

function replyOf(heard: Heard, failed: Problem | null): HandshakeReply {
  const { facts, chain, resumed, tickets, session, connectMs, answerMs, finishedMs } = heard;
  const words = session === null ? null : sessionWords(session);
  const hasTicket = tickets.length > 0;
  return {
    ...{ facts, certificates: chain.certificates, resumed, tickets, connectMs, answerMs, finishedMs },
    ticketLifetimeSeconds: hasTicket ? (words?.lifetimeSeconds ?? null) : null,
    earlyDataBytes: hasTicket && facts?.protocol === 'TLSv1.3' ? (words?.earlyDataBytes ?? null) : null,
    session: session === null ? null : sealedOf(session),
    problem: failed,
  };
}

function sealedOf(session: Buffer): TlsSession {
  const token = Object.freeze({}) as TlsSession;
  sessions.set(token, session);
  return token;
}
