// Owns the request that every sample sends: the same bytes each time, but for the fields that name the sample. Opens secrets; they go on
// the wire and nowhere else.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Secret } from '../../model/secret.ts';
import type { Endpoint, Target } from '../../model/target.ts';
import { TRACE_FIELDS, type TraceContext, type TraceHeader, traceField } from '../../model/trace-context.ts';
import { UsageError } from '../../model/usage-error.ts';
import type { Authorization } from '../auth/authorization.ts';
import type { ExchangeRequest } from './exchange.ts';

/** One sample, as far as its header may depend on it. */
export interface SampleHead {
  readonly endpoint: Endpoint;
  readonly sequence: number;
  /** Wall clock of its start, Unix ms. */
  readonly atMs: number;
  /** Null: it is part of no trace. */
  readonly trace: TraceContext | null;
  /** The body of this one, when it is not that of all. */
  readonly body?: Uint8Array;
}

export type GivenHeader = readonly [name: string, value: Secret | string];

/** What a request is before its sample is known. */
export type RequestTemplate = Omit<ExchangeRequest, 'headers'> & {
  /** The trace headers that samples carry: those that the caller did not give. */
  readonly traced: readonly TraceHeader[];
  readonly headers: readonly string[] | ((sample: SampleHead) => readonly string[]);
};

export interface RequestOptions {
  readonly target: Target;
  readonly request: {
    readonly method: string;
    readonly headers: readonly GivenHeader[];
    readonly body: Uint8Array | null;
    readonly userAgent: string;
    /**
     * Fields of one sample alone, such as a signature over the others, which come with it. They are sent as they are: no name among them
     * may be one of the others.
     */
    readonly perSample?: (sample: SampleHead, others: readonly (readonly [string, string])[]) => readonly GivenHeader[];
    /** Shows who the caller is, over all the others. Absent: nobody in particular. */
    readonly authorization?: Authorization;
    /** Which trace headers each sample carries. Absent: none. */
    readonly traced?: readonly TraceHeader[];
  };
  readonly http: '1.1' | '2' | 'negotiated';
  /** Bound on each single step: connect, TLS, wait, receive. */
  readonly timeoutMs: number;
  readonly limits: { readonly bodyBytes: number; readonly headerBytes: number };
}

/** Fields that frame the message or the connection: not the caller's to set. RFC 9112 6, RFC 9113 8.2.2. */
const OURS = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'proxy-connection',
  'te',
  'http2-settings',
]);

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @throws UsageError for a header or user agent (its value is never repeated), method or version that cannot be sent */
export function requestOf({ target, request, limits, timeoutMs, http }: RequestOptions): RequestTemplate {
  if (http === '2' && target.scheme === 'http') {
    throw new UsageError('HTTP/2 is agreed on in TLS and cannot be demanded of a plain http target', 'use https');
  }
  // CONNECT asks for a tunnel: there would be no answer to record.
  if (!TOKEN.test(request.method) || request.method === 'CONNECT') {
    throw new UsageError('that method cannot be sent', 'give a method such as GET or HEAD');
  }
  const url = new URL(target.url);
  const fixed = headersOf(request, url.host, opened);
  for (const [name, value] of fixed) validate(name, value);
  const traced = (request.traced ?? []).filter((header) => !has(fixed, TRACE_FIELDS[header]));
  const path = `${url.pathname}${url.search}`;
  const isSame = request.perSample === undefined && request.authorization === undefined && traced.length === 0;
  const headers = isSame ? fixed.flat() : perSampleOf(request, path, fixed, traced);
  return { origin: url.origin, path, method: request.method, headers, traced, body: request.body, limits, timeoutMs };
}

/** The header of one sample. @throws StepFailure when it was to show who the caller is, and that could not be had */
export function headerOf({ headers }: RequestTemplate, sample: SampleHead): readonly string[] {
  return typeof headers === 'function' ? headers(sample) : headers;
}

function perSampleOf(
  { perSample, authorization, method, body }: RequestOptions['request'],
  path: string,
  fixed: readonly Header[],
  traced: readonly TraceHeader[],
): (sample: SampleHead) => readonly string[] {
  return (sample) => {
    const { trace } = sample;
    const others = [...fixed, ...(trace === null ? [] : traced.map((header) => traceField(header, trace)))];
    const own = (perSample?.(sample, others) ?? []).map(opened);
    for (const [name, value] of own) validate(name, value);
    const headers = [...others, ...own];
    const signable = { method, path, headers, body: sample.body ?? body, atMs: sample.atMs };
    const shown = authorization?.fields(signable).map(opened) ?? [];
    for (const [name, value] of shown) validate(name, value);
    return [...headers, ...shown].flat();
  };
}

type Header = readonly [string, string];

function opened([name, value]: GivenHeader): Header {
  return [name, typeof value === 'string' ? value : value.open()];
}

function has(headers: readonly Header[], wanted: string): boolean {
  return headers.some(([name]) => name.toLowerCase() === wanted.toLowerCase());
}

/** What every sample's header holds beside its own trace, with the names of secrets in their place. */
export function shownHeaders({ target, request }: Pick<RequestOptions, 'target' | 'request'>): readonly Header[] {
  return headersOf(request, new URL(target.url).host, ([name, value]) => [name, String(value)]);
}

function headersOf(
  { headers, userAgent }: RequestOptions['request'],
  host: string,
  tell: (given: GivenHeader) => Header,
): readonly Header[] {
  const given = headers.map(tell);
  const called = (name: string): readonly Header[] => given.filter(([one]) => one.toLowerCase() === name);
  if (called('host').length > 1) throw new UsageError('the header Host is given twice', 'RFC 9112 section 3.2');
  const defaults: readonly Header[] = [
    ['host', host],
    ['user-agent', userAgent],
    ['accept', '*/*'],
  ];
  const cookies = called('cookie').map(([, value]) => value);
  return [
    ...defaults.filter(([name]) => called(name).length === 0),
    ...given.filter(([name]) => name.toLowerCase() !== 'cookie'),
    // One field, as RFC 6265 5.4 wants it of clients: undici would join several with a comma over HTTP/2.
    ...(cookies.length === 0 ? [] : [['cookie', cookies.join('; ')] as const]),
  ];
}

function validate(name: string, value: string): void {
  if (OURS.has(name.toLowerCase())) {
    throw new UsageError(`the header ${name} is set by the connection itself`, 'leave it out');
  }
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new UsageError(
      `the header "${name}" cannot be sent: a name or value has characters that HTTP forbids`,
      'RFC 9110 section 5.5',
    );
  }
}
