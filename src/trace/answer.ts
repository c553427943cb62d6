// Owns what an answer adds to its trace: attributes, the service's own trace, and what it says that its parts took. Pure.
// Of its header only fields that name layers and requests: never cookies, locations or a body.
import { fieldValue, fieldValues } from '../model/fields.ts';
import { serverTiming } from '../model/server-timing.ts';
import { interpret, visible, type WireText, wireText } from '../model/text.ts';
import type { HttpFacts, RequestTrace, Span } from '../model/trace.ts';
import { readTraceparent, type TraceContext } from '../model/trace-context.ts';
import { type Attributes, known, type TraceSpan } from './span.ts';

/** Fields of the answer that become attributes, each bounded. */
const TOLD = [
  ...['server', 'via', 'age', 'cache-control', 'content-type', 'retry-after', 'server-timing', 'traceparent'],
  ...['traceresponse', 'x-amzn-trace-id', 'x-amzn-requestid', 'x-request-id', 'x-correlation-id', 'x-cache'],
  ...['x-amz-cf-id', 'x-amz-cf-pop', 'cf-ray', 'x-served-by', 'x-envoy-upstream-service-time', 'x-envoy-attempt-count'],
] as const;
const MAX_VALUES = 8;
const MAX_CHARACTERS = 512;

export function answerAttributes(http: HttpFacts | null): Attributes {
  if (http === null) return {};
  const fields = TOLD.map((name) => [name, fieldValues(http.headers, name)] as const)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => [`http.response.header.${name}`, values.slice(0, MAX_VALUES).map(bounded)] as const);
  return known({
    'http.response.status_code': http.status,
    'http.response.body.size': http.bodyBytes,
    'network.protocol.name': 'http',
    'network.protocol.version': http.version,
    ...Object.fromEntries(fields),
  });
}

function bounded(value: WireText): string {
  return visible(wireText(value as unknown as string, MAX_CHARACTERS));
}

/**
 * A service that begins a trace of its own says which (`traceresponse`, W3C Trace Context 2, or traceparent sent back): linked, unless
 * it is ours.
 */
export function linksOf({ http, traceId }: RequestTrace): TraceSpan['links'] {
  if (http === null) return [];
  const told = ['traceresponse', 'traceparent'].flatMap((name): readonly TraceContext[] => {
    const value = fieldValue(http.headers, name);
    return value === null ? [] : [interpret<TraceContext | null>(value, readTraceparent) ?? []].flat();
  });
  const others = told.filter((context) => context.traceId !== traceId);
  return others.slice(0, 1).map(({ traceId: theirs, spanId }) => ({ traceId: theirs, spanId }));
}

type Part = Pick<TraceSpan, 'name' | 'startMs' | 'endMs' | 'attributes'>;

const MAX_PARTS = 32;

/**
 * The field says how long, and not when (W3C Server Timing 3): each entry is put in the middle of the wait, where the way there and the way
 * back are equally long, and ends with the request at the latest. What was said stands in its attributes.
 */
export function serverTimingSpans(http: HttpFacts | null, wait: Span | undefined, endMs: number): readonly Part[] {
  if (http === null || wait === undefined) return [];
  return [...serverTiming(http.headers), ...serverTiming(http.trailers)].slice(0, MAX_PARTS).map(({ name, ms }) => {
    const startMs = wait.startMs + Math.max(0, (wait.durationMs - ms) / 2);
    return {
      name: `Server-Timing ${visible(wireText(name as unknown as string, 64))}`,
      startMs,
      endMs: Math.min(startMs + ms, Math.max(startMs, endMs)),
      attributes: { 'outrider.server_timing.duration_ms': ms, 'outrider.server_timing.placed': 'middle of the wait' },
    };
  });
}
