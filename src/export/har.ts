// Owns the samples of a ride, and the steps of a journey file, as an HTTP archive: HAR 1.2 (w3c.github.io/web-performance/specs/HAR/Overview.html), which browsers import.
// Pure. Holds no secret: values of headers that a person gave come masked, cookies are masked here, and of a body there is the beginning alone.
import { fieldValue } from '../model/fields.ts';
import type { Observation } from '../model/journey.ts';
import { problemCatalogue } from '../model/problem.ts';
import type { StepTrace } from '../model/step-trace.ts';
import type { Endpoint } from '../model/target.ts';
import { visible, type WireText } from '../model/text.ts';
import type { HttpFacts, RequestTrace, Ride } from '../model/trace.ts';
import { TRACE_FIELDS, type TraceContext, type TraceHeader, traceField } from '../model/trace-context.ts';
import { type Pair, responseOf, shown, timeOf, timingsOf, versionOf } from './har-parts.ts';
import { entriesOfSteps, type HarPage, pagesOfSteps } from './har-steps.ts';

export interface HarInput {
  readonly journey: Pick<Observation, 'id' | 'startedAt' | 'target' | 'endpoints'>;
  readonly ride: Ride;
  /** Concealed already. Absent: there were none. */
  readonly steps?: readonly StepTrace[];
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

export function renderHar(input: HarInput): string {
  const { journey, ride, steps = [], version } = input;
  const endpoints = new Map(journey.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const entries = ride.traces.flatMap((trace) => {
    const endpoint = endpoints.get(trace.endpoint);
    return endpoint === undefined ? [] : [entryOf(input, trace, endpoint)];
  });
  const startedAtMs = Date.parse(journey.startedAt);
  const log = {
    ...{ version: '1.2', creator: { name: 'outrider', version } },
    pages: [...journey.endpoints.map((endpoint) => pageOf(input, endpoint)), ...pagesOfSteps(steps, startedAtMs)],
    entries: [...entries, ...entriesOfSteps(steps, startedAtMs)].toSorted(byStart),
    comment: `journey ${journey.id}`,
  };
  return `${JSON.stringify({ log }, null, 1)}\n`;
}

function pageOf({ journey }: HarInput, { id, zone }: Endpoint): HarPage {
  return {
    ...{ startedDateTime: journey.startedAt, id },
    title: `${journey.target.host} at ${id}${zone === null ? '' : ` (${visible(zone)})`}`,
    pageTimings: {},
  };
}

/** Moments are of one length: their order is that of their letters. Those of one moment stay as they are. */
function byStart(a: Started, b: Started): number {
  return a.startedDateTime < b.startedDateTime ? -1 : a.startedDateTime > b.startedDateTime ? 1 : 0;
}

interface Started {
  readonly startedDateTime: string;
}

function entryOf(input: HarInput, trace: RequestTrace, endpoint: Endpoint) {
  const { journey, request } = input;
  const timings = timingsOf(trace.spans);
  // The lookup is drawn right before the connect, which it made possible; it was made once for all samples of the round.
  const startMs = Date.parse(journey.startedAt) + trace.startMs - Math.max(0, timings.dns);
  return {
    pageref: endpoint.id,
    startedDateTime: new Date(startMs).toISOString(),
    time: timeOf(timings),
    request: requestOf(journey.target.url, request, trace),
    response: responseOf(trace.http, contentOf),
    cache: {},
    timings,
    serverIPAddress: endpoint.address,
    // Each sample is a connection of its own.
    connection: `${endpoint.id} ${trace.sequence}`,
    ...(trace.problem === null
      ? {}
      : { _error: `${trace.problem.code}: ${problemCatalogue[trace.problem.code].says}` }),
    ...(trace.traceId === undefined ? {} : { _traceId: trace.traceId }),
    ...(trace.spanId === undefined ? {} : { _spanId: trace.spanId }),
  };
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
