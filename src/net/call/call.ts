// Owns one HTTP request beyond the ride: where it goes, on which connection, and what is written down of it.
// Never follows, decodes or repeats anything: one request is sent at most once.

import type { Call, CallRecord, CallRequest } from '../../contract/call.ts';
import type { Problem } from '../../model/problem.ts';
import { Secret } from '../../model/secret.ts';
import type { Endpoint, Target } from '../../model/target.ts';
import type { HopId, HttpFacts, Span } from '../../model/trace.ts';
import type { Authorization } from '../auth/authorization.ts';
import { authorizationFor, shownBy } from '../auth/call-authorization.ts';
import { now } from '../clock.ts';
import type { ExchangeRequest, Moments } from '../sample/exchange.ts';
import { type FieldStore, openFieldStore } from '../sample/fields.ts';
import { requestOf } from '../sample/request.ts';
import { StepFailure } from '../sample/step.ts';
import { Stopwatch } from '../sample/stopwatch.ts';
import { openUnderWay } from '../under-way.ts';
import { endpointOf, type Lookups } from './call-endpoint.ts';
import { type CallTrace, type CallTracing, callTraceOf } from './call-trace.ts';
import { targetOfUrl } from './call-url.ts';
import { type Connection, type ConnectionOptions, openConnections } from './connection.ts';

export interface CallOptions extends ConnectionOptions, Lookups, CallTracing {
  readonly userAgent: string;
  readonly headerBytes: number;
  /** Shows who the journey's caller is. */
  readonly authorization?: Authorization;
}

export interface OpenedCall {
  readonly call: Call;
  /** Destroys every connection that is left. */
  close(): Promise<void>;
}

export function openCall(options: CallOptions): OpenedCall {
  const connections = openConnections(options);
  const fields = openFieldStore();
  const underWay = openUnderWay();
  return {
    call: (request, signal) =>
      underWay.run(signal, (stop) => callOnce(request, stop, { options, connections, fields })),
    async close() {
      await underWay.stop();
      connections.close();
    },
  };
}

interface Shared {
  readonly options: CallOptions;
  readonly connections: ReturnType<typeof openConnections>;
  readonly fields: FieldStore;
}

/** What a call has seen so far. */
interface Seen {
  endpoint: Endpoint | null;
  spans: Partial<Record<HopId, Span>>;
  connection: Connection | null;
  reused: boolean;
  http: HttpFacts | null;
  problem: Problem | null;
  readonly parts: Buffer[];
}

async function callOnce(request: CallRequest, signal: AbortSignal, shared: Shared): Promise<CallRecord> {
  const { options } = shared;
  const target = targetOfUrl(opened(request.url));
  const authorization = authorizationFor(request, target, options);
  await authorization?.ready(signal);
  const startMs = now();
  const seen: Seen = {
    ...{ endpoint: null, spans: {}, connection: null, reused: false, http: null, problem: null, parts: [] },
  };
  const trace = callTraceOf(target, request, options);
  const onBody = (part: Uint8Array): void => void seen.parts.push(Buffer.from(part));
  const wanted = { ...sendable(request, target, options, trace), onBody };
  try {
    const shown = authorization === null ? [] : shownBy(authorization, wanted, options);
    const isConfidential =
      authorization !== null || request.body !== null || request.headers.some(([, value]) => value instanceof Secret);
    const authorized = { ...wanted, headers: [...wanted.headers, ...shown] };
    await send({ ...request, isConfidential }, target, authorized, seen, signal, shared);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    seen.problem = error.problem;
  }
  const { connection, endpoint, spans, http, reused } = seen;
  const secrets = authorization?.secrets() ?? [];
  connection?.count();
  const kept = request.keep === true && seen.problem === null && connection?.kept.isUsable() === true;
  if (!kept) connection?.kept.close();
  return {
    ...{ endpoint, startMs: startMs - options.originMs, spans, reused, http, problem: seen.problem },
    tcp: connection?.learnt.tcp ?? null,
    tls: connection?.learnt.facts ?? null,
    unverified: connection?.learnt.unverified ?? null,
    certificates: connection?.learnt.chain.certificates ?? new Map(),
    body: http === null ? null : Buffer.concat(seen.parts),
    connection: kept ? connection.kept : null,
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(trace === null ? {} : { traceId: trace.traceId, spanId: trace.spanId }),
  };
}

function opened(value: string | Secret): string {
  return typeof value === 'string' ? value : value.open();
}

/** @throws UsageError */
function sendable(
  { headers, method, body, http, maxBodyBytes }: CallRequest,
  target: Target,
  options: CallOptions,
  trace: CallTrace | null,
): ExchangeRequest {
  const { userAgent, timeoutMs, headerBytes } = options;
  const bytes = body instanceof Secret ? Buffer.from(body.open()) : body;
  const speaks = target.scheme === 'http' ? '1.1' : (http ?? options.http);
  const limits = { bodyBytes: maxBodyBytes, headerBytes };
  const request = requestOf({
    ...{ target, timeoutMs, limits, http: speaks },
    request: { method, headers: [...headers, ...(trace?.fields ?? [])], body: bytes, userAgent },
  });
  return { ...request, headers: Array.isArray(request.headers) ? request.headers : [] };
}

/** @throws StepFailure */
async function send(
  request: CallRequest & { readonly isConfidential: boolean },
  target: Target,
  wanted: ExchangeRequest,
  seen: Seen,
  signal: AbortSignal,
  { options, connections, fields }: Shared,
): Promise<void> {
  const { originMs, meter } = options;
  const relative = (ms: number): number => ms - originMs;
  const beforeMs = now();
  const before = connections.take(request.connection ?? null, wanted.origin);
  if (before === null) {
    seen.endpoint = request.endpoint ?? (await endpointOf(target, request, seen, signal, options));
    const opening = { endpoint: seen.endpoint, target, http: request.http ?? options.http, request: wanted };
    seen.connection = connections.prepare(opening);
    await seen.connection.open(seen.spans, signal);
  } else {
    seen.connection = before;
    seen.endpoint = before.endpoint;
    seen.reused = true;
  }
  if (request.isConfidential) seen.connection.refuseUnverified();
  const startMs = before === null ? originMs + (seen.spans.connect?.startMs ?? 0) : beforeMs;
  const stopwatch = new Stopwatch(seen.connection.socket, null, before === null ? seen.connection.learnt.tcp : null);
  const moments: Moments = {
    ...{ beginMs: now(), sentMs: null, firstByteMs: null, endMs: null },
    ...{ onSent: stopwatch.sent, onFirstByte: stopwatch.firstByte },
  };
  meter.add({ requests: 1 });
  try {
    seen.http = await seen.connection.exchange(wanted, moments, signal, fields);
  } finally {
    Object.assign(seen.spans, stopwatch.exchange(moments, relative));
    stopwatch.stop();
    if (moments.endMs !== null)
      seen.spans.total = { startMs: relative(startMs), durationMs: moments.endMs - startMs, clock: 'loop' };
  }
}
