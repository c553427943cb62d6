// Owns which requests beyond the ride join the traces of the target's service, and by which fields. Sends nothing.
import type { CallRequest } from '../../contract/call.ts';
import type { Target } from '../../model/target.ts';
import { TRACE_FIELDS, type TraceContext, type TraceHeader, traceField } from '../../model/trace-context.ts';
import { now } from '../clock.ts';
import { openTraceIds } from '../trace-ids.ts';

export interface CallTracing {
  /** Nobody but its host is told of a trace. */
  readonly target: Target;
  /** Which trace headers requests to the target carry. Absent: none. */
  readonly tracing?: { readonly headers: readonly TraceHeader[]; readonly sampled: boolean };
  readonly originMs: number;
  /** Wall clock at `originMs`, Unix ms. */
  readonly startedAtMs: number;
}

export interface CallTrace extends TraceContext {
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Null for one that is part of no trace of ours: the person gave another, wants none, or it goes to somebody else. */
export function callTraceOf(
  { host }: Target,
  { headers, traceId }: Pick<CallRequest, 'headers' | 'traceId'>,
  { target, tracing, originMs, startedAtMs }: CallTracing,
): CallTrace | null {
  const named = (tracing?.headers ?? []).map((header) => TRACE_FIELDS[header].toLowerCase());
  const isGiven = headers.some(([name]) => named.includes(name.toLowerCase()));
  if (tracing === undefined || named.length === 0 || isGiven || host !== target.host) return null;
  const own = openTraceIds()(startedAtMs + now() - originMs);
  const context = { ...own, traceId: traceId ?? own.traceId, sampled: tracing.sampled };
  return { ...context, fields: tracing.headers.map((header) => traceField(header, context)) };
}
