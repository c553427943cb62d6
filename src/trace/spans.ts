// Owns the way from the samples of a ride to spans, named as OpenTelemetry's semantic conventions name them. Pure: judges nothing, sends
// nothing, and gives away no more of a URL than its path.
// Sources: opentelemetry.io/docs/specs/semconv/http/http-spans (stable), .../dotnet/dotnet-network-traces (names of DNS, connect and TLS).
import type { Observation } from '../model/journey.ts';
import { type Problem, problemCatalogue } from '../model/problem.ts';
import type { Endpoint, Target } from '../model/target.ts';
import { visible } from '../model/text.ts';
import type { Lookup, RequestTrace, Ride, Span } from '../model/trace.ts';
import { answerAttributes, linksOf, serverTimingSpans } from './answer.ts';
import { type Attributes, known, type TraceSpan } from './span.ts';

export interface SpanInput {
  readonly journey: Pick<Observation, 'id' | 'startedAt' | 'target' | 'endpoints'>;
  readonly ride: Ride;
  readonly request: {
    readonly method: string;
    /** Null: another one was given. */
    readonly userAgent: string | null;
    /** Absent: plain HTTP. */
    readonly isTalk?: boolean;
    /** How often it was sent before, redirected each time. Absent: never. */
    readonly resends?: number;
  };
  readonly sampled: boolean;
  /** Ids for samples that carried none. */
  readonly mint: (atMs: number) => { readonly traceId: string; readonly spanId: string };
  readonly newSpanId: () => string;
}

/** One trace a sample: a root, and below it the lookup, the connect, TLS and the request with what the service says of itself. */
export function spansOf(input: SpanInput): readonly TraceSpan[] {
  const endpoints = new Map(input.journey.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return input.ride.traces.flatMap((trace) => {
    const endpoint = endpoints.get(trace.endpoint);
    return endpoint === undefined ? [] : spansOfSample(input, trace, endpoint);
  });
}

export interface Sample {
  readonly input: SpanInput;
  readonly trace: RequestTrace;
  readonly endpoint: Endpoint;
  readonly traceId: string;
  readonly rootId: string;
  readonly requestId: string;
  /** The last moment that is known of it. */
  readonly endMs: number;
}

function spansOfSample(input: SpanInput, trace: RequestTrace, endpoint: Endpoint): readonly TraceSpan[] {
  const ids =
    trace.traceId !== undefined && trace.spanId !== undefined
      ? { traceId: trace.traceId, spanId: trace.spanId }
      : input.mint(Date.parse(input.journey.startedAt) + trace.startMs);
  const endMs = endOf(trace);
  const common = { traceId: ids.traceId, rootId: input.newSpanId(), requestId: ids.spanId, endMs };
  const sample: Sample = { input, trace, endpoint, ...common };
  const children = partsOf(sample);
  const startMs = Math.min(trace.startMs, ...children.map((span) => span.startMs));
  return [{ ...rootSpan(sample), startMs, endMs: Math.max(endMs, ...children.map((span) => span.endMs)) }, ...children];
}

/** The phases, and the request with what the service says of itself: what hangs below a root. */
export function partsOf(sample: Sample): readonly TraceSpan[] {
  const parts = [dnsSpan(sample), connectSpan(sample), tlsSpan(sample), ...requestSpans(sample)];
  return parts.filter((span) => span !== null);
}

export function endOf({ spans, startMs, endedAfterMs = 0, cutAfterMs = 0 }: RequestTrace): number {
  const ends = [spans.connect, spans.tls, spans.send, spans.wait, spans.receive].flatMap((span) =>
    span === undefined ? [] : span.startMs + span.durationMs,
  );
  return Math.max(startMs + endedAfterMs, startMs + cutAfterMs, ...ends);
}

function spanOf(
  { input, traceId, rootId }: Sample,
  given: Pick<TraceSpan, 'name' | 'startMs' | 'endMs' | 'attributes'> & Partial<TraceSpan>,
): TraceSpan {
  return {
    ...{ traceId, spanId: given.spanId ?? input.newSpanId(), parentSpanId: rootId, kind: 'internal', events: [] },
    ...{ links: [], error: null, sampled: input.sampled },
    ...given,
  };
}

function rootSpan(sample: Sample): TraceSpan {
  const { input, trace, endpoint, rootId } = sample;
  const { journey } = input;
  return spanOf(sample, {
    ...{ name: 'outrider sample', spanId: rootId, parentSpanId: null, startMs: trace.startMs, endMs: sample.endMs },
    attributes: known({
      'outrider.journey.id': journey.id,
      'outrider.endpoint': endpoint.id,
      'outrider.zone': endpoint.zone === null ? null : visible(endpoint.zone),
      'outrider.sample.sequence': trace.sequence,
      'outrider.sample.duration_ms': trace.spans.total?.durationMs,
      'outrider.sample.fault': trace.problem?.fault,
      ...serverOf(journey.target),
      ...errorType(trace.problem, trace),
    }),
    error: trace.problem === null ? statusError(trace) : wordsOf(trace.problem),
  });
}

/** The lookup of the sample's round, which other samples share: it may have ended a while before the connect. */
function dnsSpan(sample: Sample): TraceSpan | null {
  const { trace, input } = sample;
  const { resolve } = trace.spans;
  if (resolve === undefined) return null;
  const lookup = input.ride.lookups.find(({ startMs }) => startMs === resolve.startMs);
  return spanOf(sample, {
    ...{ name: 'DNS lookup', startMs: resolve.startMs, endMs: resolve.startMs + resolve.durationMs },
    attributes: { 'dns.question.name': input.journey.target.host, ...answersOf(lookup), ...timingOf(resolve) },
  });
}

function answersOf(lookup: Lookup | undefined): Attributes {
  if (lookup === undefined) return {};
  return {
    'dns.answers': lookup.addresses.slice(0, 64).map(({ address }) => address),
    'outrider.dns.resolver': visible(lookup.resolver),
  };
}

function connectSpan(sample: Sample): TraceSpan | null {
  const { trace, endpoint } = sample;
  const { tcp } = trace;
  return phase(sample, 'connect', 'socket connect', {
    'network.peer.address': endpoint.address,
    'network.peer.port': endpoint.port,
    'network.type': endpoint.family === 4 ? 'ipv4' : 'ipv6',
    'network.transport': 'tcp',
    'outrider.tcp.rtt_ms': tcp?.rttMs,
    'outrider.tcp.syns_lost': tcp?.synsLost,
    'outrider.tcp.retransmits': tcp?.retransmits,
    'outrider.tcp.mss_bytes': tcp?.mssBytes,
  });
}

function tlsSpan(sample: Sample): TraceSpan | null {
  const { tls } = sample.trace;
  const version = tls === null ? null : /^TLSv([\d.]+)$/.exec(tls.protocol)?.[1];
  return phase(sample, 'tls', 'TLS client handshake', {
    'server.address': sample.input.journey.target.host,
    'tls.protocol.name': tls === null ? null : 'tls',
    'tls.protocol.version': version,
    'tls.cipher': tls?.cipher,
    'tls.curve': tls?.group,
    'tls.next_protocol': tls?.alpn,
    'tls.client.server_name': tls?.servername,
    'tls.server.hash.sha256': tls?.chainSent[0]?.toUpperCase(),
    'tls.established': tls !== null && sample.trace.problem?.step !== 'tls',
    'outrider.tls.verify_error': tls?.verifyError,
  });
}

/** A phase that happened, or in which the sample failed: then it ends as the sample does. */
function phase(
  sample: Sample,
  id: 'connect' | 'tls',
  name: string,
  attributes: Readonly<Record<string, string | number | boolean | null | undefined>>,
): TraceSpan | null {
  const { trace, endMs } = sample;
  const span = trace.spans[id];
  const failed = trace.problem?.step === id ? trace.problem : null;
  if (span === undefined && failed === null) return null;
  const { connect } = trace.spans;
  const before = id === 'tls' && connect !== undefined ? connect.startMs + connect.durationMs : trace.startMs;
  return spanOf(sample, {
    ...{ name, startMs: span?.startMs ?? before },
    endMs: span === undefined ? endMs : span.startMs + span.durationMs,
    attributes: { ...known(attributes), ...(span === undefined ? {} : timingOf(span)), ...errorType(failed, null) },
    error: failed === null ? null : wordsOf(failed),
  });
}

const REQUEST_STEPS: ReadonlySet<Problem['step']> = new Set(['send', 'wait', 'receive']);

/** The request is the span that the service's own hang under: its id went out with it. */
function requestSpans(sample: Sample): readonly TraceSpan[] {
  const { input, trace, endpoint, requestId } = sample;
  const { send, wait, receive, tls, connect } = trace.spans;
  const failed = trace.problem !== null && REQUEST_STEPS.has(trace.problem.step) ? trace.problem : null;
  // A talk has no moment at which all was sent: its wait begins with it.
  const begin = send ?? wait;
  if (begin === undefined && failed === null) return [];
  const before = tls ?? connect;
  const startMs = begin?.startMs ?? (before === undefined ? trace.startMs : before.startMs + before.durationMs);
  const last = receive ?? wait ?? send;
  const endMs = failed === null && last !== undefined ? last.startMs + last.durationMs : sample.endMs;
  const request = spanOf(sample, {
    ...{ spanId: requestId, name: input.request.method, kind: 'client', startMs, endMs },
    attributes: known({
      [input.request.isTalk === true ? 'outrider.talk' : 'http.request.method']: input.request.method,
      'http.request.resend_count': input.request.resends,
      'user_agent.original': input.request.userAgent,
      ...serverOf(input.journey.target),
      ...{ 'url.full': urlOf(input.journey.target), 'url.scheme': input.journey.target.scheme },
      ...{ 'network.peer.address': endpoint.address, 'network.peer.port': endpoint.port },
      ...answerAttributes(trace.http),
      ...phases({ send, wait, receive }),
      ...errorType(failed, trace),
    }),
    events: [
      ...(wait === undefined ? [] : [{ name: 'request sent', atMs: wait.startMs }]),
      ...(receive === undefined ? [] : [{ name: 'first byte', atMs: receive.startMs }]),
    ],
    links: linksOf(trace),
    error: failed === null ? statusError(trace) : wordsOf(failed),
  });
  const below = serverTimingSpans(trace.http, wait, endMs);
  return [request, ...below.map((part) => spanOf(sample, { ...part, parentSpanId: requestId }))];
}

function phases(spans: Readonly<Record<'send' | 'wait' | 'receive', Span | undefined>>): Attributes {
  const all = Object.entries(spans).flatMap(([id, span]) =>
    span === undefined ? [] : Object.entries(timingOf(span, `outrider.${id}`)),
  );
  return Object.fromEntries(all);
}

/** Which clock says so, and how well. A duration of the kernel's clock is not the difference of the span's ends to the last digit. */
function timingOf({ durationMs, clock, uncertaintyMs, retransmits }: Span, prefix = 'outrider'): Attributes {
  return known({
    [`${prefix}.duration_ms`]: durationMs,
    [`${prefix}.clock`]: clock,
    [`${prefix}.uncertainty_ms`]: uncertaintyMs,
    [`${prefix}.retransmits`]: retransmits,
  });
}

function serverOf({ host, port }: Target): Attributes {
  return { 'server.address': host, 'server.port': port };
}

/** Values of a query may be keys: they stay here, as .NET keeps them. */
function urlOf({ url }: Target): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search.replaceAll(/=[^&]*/g, '=*')}`;
}

/** The problem's code, else the status that is an error to a client (http-spans, "Status"). */
function errorType(failed: Problem | null, answered: RequestTrace | null): Attributes {
  if (failed !== null) return { 'error.type': failed.code };
  const status = answered?.http?.status ?? 0;
  return status >= 400 ? { 'error.type': String(status) } : {};
}

/** Says nothing more than the code does, as the conventions want of a status. */
function statusError({ http }: RequestTrace): string | null {
  return http !== null && http.status >= 400 ? '' : null;
}

function wordsOf({ code, detail }: Problem): string {
  const { says } = problemCatalogue[code];
  return detail === null ? says : `${says}: ${visible(detail)}`;
}
