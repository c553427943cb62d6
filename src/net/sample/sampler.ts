// Owns one sample: one request on one new connection to one endpoint, written down as a RequestTrace. Judges nothing.

import { isIP, type Socket } from 'node:net';
import { type SecureContext, type TLSSocket } from 'node:tls';
import { type Problem, problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { Endpoint } from '../../model/target.ts';
import { type DnsName, wireText } from '../../model/text.ts';
import type { Fingerprint, HopId, HttpFacts, RequestTrace, Span, TcpFacts } from '../../model/trace.ts';
import { UsageError } from '../../model/usage-error.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { openStamping, type Stamping } from '../stamped/open.ts';
import { openTcpInfo } from '../tcp-info.ts';
import { type MintTraceIds, openTraceIds } from '../trace-ids.ts';
import { openUnderWay } from '../under-way.ts';
import { NO_CHAIN } from './chain-walk.ts';
import { walkIsAsSent } from './chain-walk-trial.ts';
import { type Conceal, concealing } from './conceal.ts';
import { connectTo } from './connect.ts';
import { exchange, heldBody, type Moments } from './exchange.ts';
import { type FieldStore, openFieldStore } from './fields.ts';
import { handshake, type Learnt, type Staple, sharedContext } from './handshake.ts';
import { headerOf, type RequestOptions, type RequestTemplate, requestOf, type SampleHead } from './request.ts';
import { StepFailure } from './step.ts';
import { Stopwatch, totalOf } from './stopwatch.ts';
import { refuseUnverified } from './unverified.ts';
import { warmUp } from './warm-up.ts';

export interface SamplerOptions extends RequestOptions {
  /** Null sends no SNI. */
  readonly servername: DnsName | null;
  /** `caPem` null: Node's root store. `insecure` sends headers and a body also to a server that could not be verified. */
  readonly trust: { readonly caPem: readonly string[] | null; readonly insecure: boolean };
  readonly identity: { readonly certificatePem: string; readonly key: Secret } | null;
  readonly http: '1.1' | '2' | 'negotiated';
  /** `kernel`: every arrival stamped, on a socket of our own; `auto`, and absent: so where this machine can. Else on Node's sockets. */
  readonly clock?: 'kernel' | 'loop' | 'auto';
  /** No sample will be asked for: the settings are looked at, and nothing is made ready. */
  readonly checkOnly?: boolean;
  readonly meter: Meter;
  /** `now()` of the ride's start; spans are relative to it. */
  readonly originMs: number;
  /** Wall clock at that moment, Unix ms. Absent: 0. */
  readonly startedAtMs?: number;
  /** How the trace of each sample is called, and whether it asks to be recorded. Absent: random ids, and that it is. */
  readonly tracing?: { readonly mint?: MintTraceIds; readonly sampled?: boolean };
}

export interface Sample {
  readonly trace: RequestTrace;
  readonly certificates: ReadonlyMap<Fingerprint, Uint8Array>;
  readonly staple: Staple | null;
}

export interface Sampler {
  /** Never rejects for what the world does. */
  sample(endpoint: Endpoint, sequence: number, signal: AbortSignal, until?: Promise<void>): Promise<Sample>;
  /** Stops what is in flight, as the signal would; settles when every connection is destroyed. */
  close(): Promise<void>;
}

/** @throws UsageError for certificates, names or headers that cannot be used, and for a clock that this machine has not */
export async function openSampler(options: SamplerOptions): Promise<Sampler> {
  const context = sharedContext(options.trust.caPem, options.identity);
  const request = requestOf(options);
  if (options.servername !== null && isIP(options.servername) !== 0) {
    throw new UsageError('SNI takes a name, not an address (RFC 6066 section 3)', 'leave it out');
  }
  const stamping = await stampingOf(options);
  const readsChain = options.checkOnly !== true && (await makeReady(options, context, stamping));
  const mint = options.tracing?.mint ?? openTraceIds();
  const conceal = concealing(options.request.headers, () => options.request.authorization?.secrets() ?? []);
  const shared = { options, context, request, readsChain, fields: openFieldStore(), stamping, mint, conceal };
  const underWay = openUnderWay();
  return {
    sample(endpoint, sequence, signal, until) {
      const held = until === undefined ? shared : { ...shared, until };
      return underWay.run(signal, (stop) => sampleOnce(held, endpoint, sequence, stop));
    },
    async close() {
      await underWay.stop();
      stamping?.close();
    },
  };
}

/** @throws UsageError where stamps are demanded and cannot be had */
async function stampingOf({ clock = 'auto', checkOnly }: SamplerOptions): Promise<Stamping | null> {
  if (clock === 'loop' || checkOnly === true) return null;
  const stamping = await openStamping();
  if (clock === 'auto' || stamping !== null) return stamping;
  throw new UsageError(
    'this machine cannot stamp arrivals: that needs Linux of 64 bits and the optional package koffi',
    'use --clock auto',
  );
}

/** In nobody's time: no sample's and no lookup's. @returns whether chains are read as they were sent */
async function makeReady(
  { target, http }: SamplerOptions,
  context: SecureContext,
  stamping: Stamping | null,
): Promise<boolean> {
  const [readsChain] = await Promise.all([target.scheme === 'https' && walkIsAsSent(), openTcpInfo()]);
  await warmUp(target.scheme === 'http' ? ['plain'] : ALPN[http], context, stamping);
  return readsChain;
}

interface Shared {
  readonly options: SamplerOptions;
  readonly context: SecureContext;
  readonly request: RequestTemplate;
  readonly readsChain: boolean;
  readonly fields: FieldStore;
  readonly stamping: Stamping | null;
  readonly mint: MintTraceIds;
  readonly conceal: Conceal;
  readonly until?: Promise<void>;
}

/** Headers and bodies that a caller gives are theirs to lose; what the ride sends by itself is not. */
function isConfidential({ request }: SamplerOptions): boolean {
  return (
    request.body !== null ||
    request.perSample !== undefined ||
    request.authorization !== undefined ||
    request.headers.some(([, value]) => typeof value !== 'string')
  );
}

/** What a sample has seen so far. */
interface Seen extends Learnt {
  readonly startMs: number;
  spans: Partial<Record<HopId, Span>>;
  tcp: TcpFacts | null;
  http: HttpFacts | null;
  problem: Problem | null;
  ticketKeyName: string | null;
  endedMs: number | null;
}

/** What is offered for each way of speaking HTTP. */
export const ALPN = { '1.1': ['http/1.1'], '2': ['h2'], negotiated: ['h2', 'http/1.1'] } as const;

const WITHOUT_HTTP2 = problem(
  'tls-protocol',
  'tls',
  wireText('HTTP/2 was demanded, but the server did not agree to it by ALPN'),
);

async function sampleOnce(shared: Shared, endpoint: Endpoint, sequence: number, signal: AbortSignal): Promise<Sample> {
  const { options } = shared;
  // At once where nobody is to be shown: the ride keeps its starts apart.
  if (options.request.authorization !== undefined) await options.request.authorization.ready(signal);
  const seen: Seen = {
    ...{ startMs: now(), spans: {}, tcp: null, facts: null, chain: NO_CHAIN, staple: null },
    ...{ http: null, problem: null, ticketKeyName: null, endedMs: null },
  };
  const head = headOf(shared, endpoint, sequence, seen.startMs);
  let raw: Socket | null = null;
  try {
    await rideOnce(shared, head, seen, signal, (socket) => {
      raw = socket;
    });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    seen.problem = error.problem;
    seen.endedMs = now();
  } finally {
    release(raw, options.meter);
  }
  const { spans, tcp, facts, http, ticketKeyName } = seen;
  const tls = facts === null || ticketKeyName === null ? facts : { ...facts, ticketKeyName };
  const startMs = seen.startMs - options.originMs;
  const ids = head.trace === null ? {} : { traceId: head.trace.traceId, spanId: head.trace.spanId };
  const ended = seen.endedMs === null ? {} : { endedAfterMs: seen.endedMs - seen.startMs };
  const trace = {
    endpoint: endpoint.id,
    sequence,
    startMs,
    spans,
    tcp,
    tls,
    http,
    problem: seen.problem,
    ...ended,
    ...ids,
  };
  return { trace, certificates: seen.chain.certificates, staple: seen.staple };
}

function headOf(
  { options, request, mint, until }: Shared,
  endpoint: Endpoint,
  sequence: number,
  startMs: number,
): SampleHead {
  const { startedAtMs = 0, originMs, tracing } = options;
  const atMs = startedAtMs + startMs - originMs;
  const trace = request.traced.length === 0 ? null : { ...mint(atMs), sampled: tracing?.sampled ?? true };
  return { endpoint, sequence, atMs, trace, ...(until === undefined ? {} : { body: heldBody(request.body) }) };
}

/** Tickets of TLS 1.3 come behind the handshake, before the answer. The session itself is not kept. */
function noteTicket(socket: TLSSocket, seen: Seen): void {
  socket.once('session', () => {
    const ticket = socket.getTLSTicket();
    if (ticket !== undefined && ticket.byteLength >= 16) seen.ticketKeyName = ticket.toString('hex', 0, 16);
  });
}

function release(socket: Socket | null, meter: Meter): void {
  if (socket === null) return;
  meter.add({ bytesSent: socket.bytesWritten, bytesReceived: socket.bytesRead });
  socket.destroy();
}

async function rideOnce(
  shared: Shared,
  head: SampleHead,
  seen: Seen,
  signal: AbortSignal,
  onConnection: (socket: Socket) => void,
): Promise<void> {
  const { options, fields, stamping, until } = shared;
  const { timeoutMs, originMs, target, meter } = options;
  const relative = (ms: number): number => ms - originMs;
  const onSent = (): void => meter.add({ connections: 1 });
  const connected = await connectTo(head.endpoint, timeoutMs, signal, onConnection, onSent, stamping);
  const { socket: tcpSocket, stamped, startMs, tcp, ...figure } = connected;
  seen.tcp = tcp;
  seen.spans.connect = { startMs: relative(startMs), ...figure };
  const stopwatch = new Stopwatch(tcpSocket, stamped, tcp);
  try {
    const socket = target.scheme === 'https' ? await secure(shared, tcpSocket, stopwatch, seen, signal) : tcpSocket;
    stopwatch.isFramed = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2';
    const moments: Moments = {
      ...{ beginMs: now(), sentMs: null, firstByteMs: null, endMs: null },
      ...{ onSent: stopwatch.sent, onFirstByte: stopwatch.firstByte },
    };
    const request = {
      ...shared.request,
      headers: headerOf(shared.request, head),
      ...(until === undefined ? {} : { until }),
    };
    meter.add({ requests: 1 });
    try {
      seen.http = shared.conceal(await exchange(socket, request, moments, signal, fields));
    } finally {
      Object.assign(seen.spans, stopwatch.exchange(moments, relative));
      if (moments.endMs !== null) {
        seen.spans.total = { startMs: relative(startMs), ...totalOf(seen.spans, moments.endMs - startMs) };
      }
    }
  } finally {
    stopwatch.stop();
  }
}

/** @throws StepFailure */
async function secure(
  { options, context, readsChain }: Shared,
  tcpSocket: Socket,
  stopwatch: Stopwatch,
  seen: Seen,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { timeoutMs, servername, target } = options;
  const beganMs = now();
  let tls: Omit<Span, 'startMs'> | null = null;
  const onSocket = (ours: TLSSocket): void => {
    const helloMs = now() - beganMs;
    noteTicket(ours, seen);
    // At the event itself: what comes behind the handshake must not be taken for a part of it.
    ours.prependOnceListener('secureConnect', () => {
      tls = stopwatch.handshake(beganMs, now(), helloMs);
    });
  };
  const wanted = { context, servername, alpn: ALPN[options.http], timeoutMs, readsChain, onSocket };
  const secured = await handshake(tcpSocket, wanted, seen, signal);
  seen.spans.tls = {
    startMs: beganMs - options.originMs,
    ...(tls ?? { durationMs: now() - beganMs, clock: 'loop' }),
  };
  // A server without ALPN goes on in HTTP/1.1 (RFC 7301 3.1); whoever demanded HTTP/2 must not be told about that instead.
  if (options.http === '2' && secured.alpnProtocol !== 'h2') throw new StepFailure(WITHOUT_HTTP2);
  if (isConfidential(options) && !options.trust.insecure) refuseUnverified(secured, target.host);
  return secured;
}
