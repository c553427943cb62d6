// Owns the samples of a ride as an HTTP archive: HAR 1.2 (w3c.github.io/web-performance/specs/HAR/Overview.html), which browsers import.
// Pure. Holds no secret: values of headers that a person gave come masked, cookies are masked here, and of a body there is the beginning alone.
import { fieldValue, isNamed } from '../model/fields.ts';
import type { Observation } from '../model/journey.ts';
import { problemCatalogue } from '../model/problem.ts';
import type { Endpoint } from '../model/target.ts';
import { visible, type WireText } from '../model/text.ts';
import type { HttpFacts, RequestTrace, Ride, Span } from '../model/trace.ts';
import { TRACE_FIELDS, type TraceContext, type TraceHeader, traceField } from '../model/trace-context.ts';

export interface HarInput {
  readonly journey: Pick<Observation, 'id' | 'startedAt' | 'target' | 'endpoints'>;
  readonly ride: Ride;
  readonly version: string;
  readonly request: {
    readonly method: string;
    /** As sent, with what must not be shown replaced. */
    readonly headers: readonly (readonly [string, string])[];
    readonly bodyBytes: number;
    readonly traced: readonly TraceHeader[];
    readonly sampled: boolean;
  };
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

export function renderHar(input: HarInput): string {
  const { journey, ride, version } = input;
  const endpoints = new Map(journey.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const entries = ride.traces.flatMap((trace) => {
    const endpoint = endpoints.get(trace.endpoint);
    return endpoint === undefined ? [] : [entryOf(input, trace, endpoint)];
  });
  const log = {
    ...{ version: '1.2', creator: { name: 'outrider', version } },
    pages: journey.endpoints.map(({ id, zone }) => ({
      ...{ startedDateTime: journey.startedAt, id },
      title: `${journey.target.host} at ${id}${zone === null ? '' : ` (${visible(zone)})`}`,
      pageTimings: {},
    })),
    entries: entries.toSorted((a, b) => (a.startedDateTime < b.startedDateTime ? -1 : 1)),
    comment: `journey ${journey.id}`,
  };
  return `${JSON.stringify({ log }, null, 1)}\n`;
}

function entryOf(input: HarInput, trace: RequestTrace, endpoint: Endpoint) {
  const { journey, request } = input;
  const timings = timingsOf(trace);
  const { dns, blocked, connect, send, wait, receive } = timings;
  // The lookup is drawn right before the connect, which it made possible; it was made once for all samples of the round.
  const startMs = Date.parse(journey.startedAt) + trace.startMs - Math.max(0, dns);
  const time = [blocked, dns, connect, send, wait, receive].reduce((sum, ms) => sum + Math.max(0, ms), 0);
  return {
    pageref: endpoint.id,
    startedDateTime: new Date(startMs).toISOString(),
    time: rounded(time),
    request: requestOf(journey.target.url, request, trace),
    response: responseOf(trace.http),
    cache: {},
    timings,
    serverIPAddress: endpoint.address,
    // Each sample is a connection of its own.
    connection: `${endpoint.id} ${trace.sequence}`,
    ...(trace.problem === null
      ? {}
      : { _error: `${trace.problem.code}: ${problemCatalogue[trace.problem.code].says}` }),
    ...(trace.traceId === undefined ? {} : { _traceId: trace.traceId }),
  };
}

/** -1 is "did not happen"; `connect` holds `ssl` (HAR 1.2, timings). */
function timingsOf({ spans }: RequestTrace) {
  const of = (span: Span | undefined, none: number): number => (span === undefined ? none : rounded(span.durationMs));
  const { resolve, connect, tls, send, wait, receive } = spans;
  return {
    blocked: -1,
    dns: of(resolve, -1),
    connect: connect === undefined ? -1 : rounded(connect.durationMs + (tls?.durationMs ?? 0)),
    ssl: of(tls, -1),
    ...{ send: of(send, 0), wait: of(wait, 0), receive: of(receive, 0) },
    comment: `by the clock of the ${wait?.clock ?? connect?.clock ?? 'loop'}`,
  };
}

/** Microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function requestOf(url: string, request: HarInput['request'], { traceId, spanId, http, tls }: RequestTrace) {
  const context: TraceContext | null =
    traceId === undefined || spanId === undefined ? null : { traceId, spanId, sampled: request.sampled };
  const traced = context === null ? [] : request.traced.filter((header) => !isGiven(request, TRACE_FIELDS[header]));
  const headers = [...request.headers, ...traced.map((header) => traceField(header, context as TraceContext))];
  return {
    ...{ method: request.method, url, httpVersion: versionOf(http ?? (tls?.alpn === 'h2' ? { version: '2' } : null)) },
    ...{ cookies: [], headers: headers.map(([name, value]): Pair => ({ name, value })) },
    queryString: [...new URL(url).searchParams].map(([name, value]): Pair => ({ name, value })),
    ...{ headersSize: -1, bodySize: request.bodyBytes },
  };
}

function isGiven({ headers }: HarInput['request'], wanted: string): boolean {
  return headers.some(([name]) => name.toLowerCase() === wanted.toLowerCase());
}

function versionOf(http: Pick<HttpFacts, 'version'> | null): string {
  return http?.version === '2' ? 'HTTP/2' : 'HTTP/1.1';
}

function responseOf(http: HttpFacts | null) {
  const empty = { statusText: '', cookies: [], headersSize: -1 };
  if (http === null)
    return {
      ...{ status: 0, ...empty, httpVersion: '', headers: [], redirectURL: '', bodySize: -1 },
      content: { size: 0, mimeType: 'x-unknown' },
    };
  return {
    ...{ status: http.status, ...empty, httpVersion: versionOf(http), headers: http.headers.map(pairOf) },
    content: contentOf(http),
    redirectURL: shown(fieldValue(http.headers, 'location')),
    bodySize: http.bodyBytes,
  };
}

const MASKED = '[masked]';

/** What a server sets for this client alone is a key to its session. */
function pairOf([name, value]: readonly [WireText, WireText]): Pair {
  const isKey = isNamed(name, 'set-cookie') || isNamed(name, 'set-cookie2');
  return { name: visible(name), value: isKey ? MASKED : visible(value) };
}

/** A body that is coded is no text. */
function contentOf({ headers, bodyBytes, bodyStart }: HttpFacts) {
  const mimeType = shown(fieldValue(headers, 'content-type')) || 'x-unknown';
  const isCoded = fieldValue(headers, 'content-encoding') !== null;
  if (isCoded) return { size: bodyBytes, mimeType, comment: 'as transferred; it is coded, and not kept' };
  return { size: bodyBytes, mimeType, text: lines(bodyStart), comment: 'the first 512 bytes' };
}

function lines(text: WireText): string {
  return (text as unknown as string).split('\n').map(visible).join('\n');
}

function shown(value: WireText | null): string {
  return value === null ? '' : visible(value);
}
