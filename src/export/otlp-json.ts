// Owns spans as OTLP in JSON: protobuf's JSON mapping with ids in hex (opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Pure.
// The serializer alone, with src/trace: 24 kB and 8 ms to load, where OpenTelemetry's own (otlp-transformer and what it needs) are 33 MB and 150 ms.
import type { Attributes, AttributeValue, TraceSpan } from '../trace/span.ts';

export interface Resource {
  readonly attributes: Attributes;
  readonly version: string;
  /** Wall clock when the journey began, Unix ms: spans count from there. */
  readonly startedAtMs: number;
}

/** The conventions that names and units follow. */
const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.37.0';
/** As the SDKs send them in one request (OTEL_BSP_MAX_EXPORT_BATCH_SIZE). */
const BATCH_SPANS = 512;

/** trace.proto: SpanKind, StatusCode, SpanFlags. */
const KIND = { internal: 1, client: 3 } as const;
const STATUS_ERROR = 2;
const SAMPLED = 0x01;
/** The parent is known to be in this process. */
const HAS_IS_REMOTE = 0x100;

/** Bodies of ExportTraceServiceRequest; spans of one sample stay together where they fit. */
export function* otlpRequests(spans: readonly TraceSpan[], resource: Resource): Generator<OtlpRequest> {
  for (let at = 0; at < spans.length; ) {
    const end = endOfBatch(spans, at);
    const batch = spans.slice(at, end);
    yield { spans: batch.length, body: JSON.stringify(requestOf(batch, resource)) };
    at = end;
  }
}

export interface OtlpRequest {
  readonly spans: number;
  readonly body: string;
}

/** At the last border between two traces that lies in the batch, else where it is full. */
function endOfBatch(spans: readonly TraceSpan[], start: number): number {
  const full = start + BATCH_SPANS;
  if (full >= spans.length) return spans.length;
  let end = full;
  while (end > start && spans[end]?.traceId === spans[end - 1]?.traceId) end--;
  return end > start ? end : full;
}

function requestOf(spans: readonly TraceSpan[], { attributes, version, startedAtMs }: Resource) {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues(attributes) },
        scopeSpans: [
          {
            scope: { name: 'outrider', version },
            spans: spans.map((span) => spanJson(span, startedAtMs)),
            schemaUrl: SCHEMA_URL,
          },
        ],
        schemaUrl: SCHEMA_URL,
      },
    ],
  };
}

function spanJson(span: TraceSpan, startedAtMs: number) {
  const { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, events, links, error, sampled } = span;
  return {
    ...{ traceId, spanId },
    ...(parentSpanId === null ? {} : { parentSpanId }),
    flags: HAS_IS_REMOTE | (sampled ? SAMPLED : 0),
    ...{ name, kind: KIND[kind] },
    startTimeUnixNano: nanoseconds(startedAtMs, startMs),
    // A span does not end before it begins, whatever two clocks say.
    endTimeUnixNano: nanoseconds(startedAtMs, Math.max(startMs, endMs)),
    attributes: keyValues(attributes),
    ...(events.length === 0
      ? {}
      : {
          events: events.map(({ name: what, atMs }) => ({ timeUnixNano: nanoseconds(startedAtMs, atMs), name: what })),
        }),
    ...(links.length === 0 ? {} : { links }),
    ...(error === null ? {} : { status: { code: STATUS_ERROR, ...(error === '' ? {} : { message: error }) } }),
  };
}

/** Unix time in nanoseconds as decimal text: 2^53 of them were over in April 1970. */
function nanoseconds(startedAtMs: number, ms: number): string {
  return String(BigInt(Math.round(startedAtMs)) * 1_000_000n + BigInt(Math.round(ms * 1e6)));
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value !== 'number') return { arrayValue: { values: value.map(anyValue) } };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
