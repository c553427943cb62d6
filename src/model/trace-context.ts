// Owns how a request says which trace it belongs to: W3C Trace Context, and X-Ray's header. Pure: ids are made elsewhere.

/** Ids are lower-case hex and never all zero: 32 digits for the trace, 16 for the span. */
export interface TraceContext {
  readonly traceId: string;
  /** The request as its sender sees it: parent of whatever the service records. */
  readonly spanId: string;
  /** Asks who follows the sender's decision to record the trace. */
  readonly sampled: boolean;
}

/** `traceparent`: W3C Trace Context 3.2. `amzn`: X-Amzn-Trace-Id, which load balancers of AWS and X-Ray read. */
export const traceHeaders = ['traceparent', 'amzn'] as const;
export type TraceHeader = (typeof traceHeaders)[number];

/** Names as sent. */
export const TRACE_FIELDS: Readonly<Record<TraceHeader, string>> = {
  traceparent: 'traceparent',
  amzn: 'X-Amzn-Trace-Id',
};

export function traceField(header: TraceHeader, context: TraceContext): readonly [name: string, value: string] {
  return [TRACE_FIELDS[header], header === 'traceparent' ? traceparent(context) : amznTraceId(context)];
}

/** Version 00, W3C Trace Context 3.2.2. */
function traceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** X-Ray wants the second of the trace's begin in front: the ids of this program have it there. */
function amznTraceId({ traceId, spanId, sampled }: TraceContext): string {
  return `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${sampled ? 1 : 0}`;
}

/** Null for what 3.2.2 calls invalid. A later version is read as far as this one goes (3.2.4). */
export function readTraceparent(text: string): TraceContext | null {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text.trim());
  if (found === null) return null;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = found;
  const isInvalid = version === 'ff' || (version === '00' && rest !== undefined);
  if (isInvalid || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
