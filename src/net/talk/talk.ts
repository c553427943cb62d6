// Owns one talk in another protocol than plain HTTP: where it goes, on a connection of its own, and what is written down of it.
// Never says anything twice, and nothing of the caller's to a server that could not be verified.

import type { Talk, TalkRecord, TalkRequest } from '../../contract/talk.ts';
import { type Problem } from '../../model/problem.ts';
import { Secret } from '../../model/secret.ts';
import type { Endpoint, Target } from '../../model/target.ts';
import type { HopId, Span } from '../../model/trace.ts';
import { authorizationFor, shownBy } from '../auth/call-authorization.ts';
import type { CallOptions } from '../call/call.ts';
import { endpointOf } from '../call/call-endpoint.ts';
import { type CallTrace, callTraceOf } from '../call/call-trace.ts';
import { targetOfUrl } from '../call/call-url.ts';
import { type Connection, openConnections } from '../call/connection.ts';
import { now } from '../clock.ts';
import { requestOf } from '../sample/request.ts';
import { StepFailure } from '../sample/step.ts';
import { openUnderWay } from '../under-way.ts';
import { HEALTH_PATH, healthRequest } from './health-message.ts';
import type { Said, Wire } from './wire.ts';

export interface OpenedTalk {
  readonly talk: Talk;
  /** Destroys every connection that is left. */
  close(): Promise<void>;
}

export function openTalk(options: CallOptions): OpenedTalk {
  const connections = openConnections(options);
  const underWay = openUnderWay();
  return {
    talk: (request, signal) => underWay.run(signal, (stop) => talkOnce(request, stop, { options, connections })),
    async close() {
      await underWay.stop();
      connections.close();
    },
  };
}

interface Shared {
  readonly options: CallOptions;
  readonly connections: ReturnType<typeof openConnections>;
}

interface Seen {
  endpoint: Endpoint | null;
  readonly spans: Partial<Record<HopId, Span>>;
  connection: Connection | null;
  said: Said | null;
  problem: Problem | null;
}

async function talkOnce(request: TalkRequest, signal: AbortSignal, shared: Shared): Promise<TalkRecord> {
  const { options } = shared;
  const target = targetOfUrl(opened(request.url));
  const authorization = request.talk.kind === 'lines' ? null : authorizationFor(request, target, options);
  await authorization?.ready(signal);
  const startMs = now();
  // Lines have no place for it.
  const trace = request.talk.kind === 'lines' ? null : callTraceOf(target, request, options);
  const head = headOf(request, target, options, trace);
  const seen: Seen = { endpoint: null, spans: {}, connection: null, said: null, problem: null };
  try {
    const shown = authorization === null ? [] : shownBy(authorization, signedOf(request, head), options);
    const isConfidential = authorization !== null || holdsSecrets(request);
    const wanted = { ...request, headers: [...head.headers, ...shown], path: head.path, isConfidential };
    await run(wanted, target, seen, signal, shared);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    seen.problem = error.problem;
  } finally {
    seen.connection?.kept.close();
  }
  const { connection, endpoint, spans, said } = seen;
  const secrets = authorization?.secrets() ?? [];
  return {
    ...{ endpoint, startMs: startMs - options.originMs, spans, reused: false, problem: seen.problem, connection: null },
    tcp: connection?.learnt.tcp ?? null,
    tls: connection?.learnt.facts ?? null,
    unverified: connection?.learnt.unverified ?? null,
    certificates: connection?.learnt.chain.certificates ?? new Map(),
    ...{ http: said?.http ?? null, body: said?.body ?? null, refused: said?.refused ?? null },
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(trace === null ? {} : { traceId: trace.traceId, spanId: trace.spanId }),
  };
}

function opened(value: string | Secret): string {
  return typeof value === 'string' ? value : value.open();
}

function holdsSecrets({ headers, talk }: TalkRequest): boolean {
  if (headers.some(([, value]) => value instanceof Secret)) return true;
  if (talk.kind === 'websocket') return talk.send instanceof Secret;
  return talk.kind === 'lines' && talk.turns.some((turn) => 'send' in turn && turn.send instanceof Secret);
}

/** @throws UsageError */
function headOf(
  { headers, talk }: TalkRequest,
  target: Target,
  { userAgent, timeoutMs, headerBytes }: CallOptions,
  trace: CallTrace | null,
) {
  const limits = { bodyBytes: 0, headerBytes };
  const method = talk.kind === 'grpc-health' ? 'POST' : 'GET';
  const request = requestOf({
    ...{ target, timeoutMs, limits, http: 'negotiated' },
    request: { method, headers: [...headers, ...(trace?.fields ?? [])], body: null, userAgent },
  });
  return { ...request, headers: Array.isArray(request.headers) ? (request.headers as readonly string[]) : [] };
}

/** What a signature is over: a health check goes to a path of its own, with a message. */
function signedOf({ talk }: TalkRequest, head: ReturnType<typeof headOf>): ReturnType<typeof headOf> {
  return talk.kind === 'grpc-health' ? { ...head, path: HEALTH_PATH, body: healthRequest(talk.service) } : head;
}

/** What is offered by ALPN, and the version that must be agreed on. */
const OFFERED = {
  websocket: { raw: ['http/1.1'], http: '1.1' },
  'grpc-health': { raw: ['h2'], http: '2' },
  lines: { raw: [], http: '1.1' },
} as const;

/** @throws StepFailure */
async function run(
  request: Omit<TalkRequest, 'headers'> & Pick<Wire, 'headers' | 'path'> & { readonly isConfidential: boolean },
  target: Target,
  seen: Seen,
  signal: AbortSignal,
  { options, connections }: Shared,
): Promise<void> {
  const { originMs, meter, timeoutMs, headerBytes } = options;
  const { origin, host: authority } = new URL(target.url);
  seen.endpoint = request.endpoint ?? (await endpointOf(target, request, seen, signal, options));
  const limits = { bodyBytes: 0, headerBytes };
  const opening = { endpoint: seen.endpoint, target, request: { origin, limits }, ...OFFERED[request.talk.kind] };
  seen.connection = connections.prepare(opening);
  const socket = await seen.connection.open(seen.spans, signal);
  if (request.isConfidential) seen.connection.refuseUnverified();
  const beganMs = now();
  let answeredMs: number | null = null;
  const onAnswer = (): void => {
    answeredMs ??= now();
  };
  meter.add({ requests: 1 });
  const { headers, path } = request;
  const wire = { socket, authority, path, scheme: target.scheme, headers, timeoutMs, signal, onAnswer };
  try {
    seen.said = await say(request.talk, wire);
  } finally {
    const endMs = now();
    seen.spans.wait = { startMs: beganMs - originMs, durationMs: (answeredMs ?? endMs) - beganMs, clock: 'loop' };
    if (answeredMs !== null)
      seen.spans.receive = { startMs: answeredMs - originMs, durationMs: endMs - answeredMs, clock: 'loop' };
    const startMs = seen.spans.connect?.startMs ?? beganMs - originMs;
    seen.spans.total = { startMs, durationMs: endMs - originMs - startMs, clock: 'loop' };
  }
}

/** Each is loaded when it is first spoken. */
async function say(talk: TalkRequest['talk'], wire: Wire): Promise<Said> {
  switch (talk.kind) {
    case 'websocket':
      return (await import('./websocket.ts')).talkOverWebSocket(talk, wire);
    case 'grpc-health':
      return (await import('./grpc-health.ts')).checkHealth(talk, wire);
    case 'lines':
      return (await import('./lines.ts')).talkInLines(talk, wire);
  }
}
