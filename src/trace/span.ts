// Owns what one span of a trace is, as every tracing system takes it. Pure; knows no format of any of them.

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
}

export interface TraceSpan {
  /** Lower-case hex, 32 and 16 digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: 'internal' | 'client';
  /** Milliseconds since the journey began, as all moments here. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Traces of the service that answered in one of its own. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** What went wrong, in words; null when nothing did. */
  readonly error: string | null;
  readonly sampled: boolean;
}

/** Attributes without those that are unknown. */
export function known(values: Readonly<Record<string, AttributeValue | null | undefined>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, AttributeValue] => entry[1] != null),
  );
}
