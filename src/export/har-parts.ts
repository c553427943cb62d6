// Owns the parts of an entry that every exchange of an HTTP archive has: times and answer. Pure. Masks cookies.
import { fieldValue, isNamed } from '../model/fields.ts';
import { visible, type WireText } from '../model/text.ts';
import type { HttpFacts, RequestTrace, Span } from '../model/trace.ts';

export interface Pair {
  readonly name: string;
  readonly value: string;
}

export function timeOf({ blocked, dns, connect, send, wait, receive }: ReturnType<typeof timingsOf>): number {
  return rounded([blocked, dns, connect, send, wait, receive].reduce((sum, ms) => sum + Math.max(0, ms), 0));
}

/** -1 is "did not happen"; `connect` holds `ssl` (HAR 1.2, timings). */
export function timingsOf(spans: RequestTrace['spans']) {
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

export function versionOf(http: Pick<HttpFacts, 'version'> | null): string {
  return http?.version === '2' ? 'HTTP/2' : 'HTTP/1.1';
}

export function responseOf(http: HttpFacts | null, content: (http: HttpFacts) => object) {
  const empty = { statusText: '', cookies: [], headersSize: -1 };
  if (http === null)
    return {
      ...{ status: 0, ...empty, httpVersion: '', headers: [], redirectURL: '', bodySize: -1 },
      content: { size: 0, mimeType: 'x-unknown' },
    };
  return {
    ...{ status: http.status, ...empty, httpVersion: versionOf(http), headers: http.headers.map(pairOf) },
    content: content(http),
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

export function shown(value: WireText | null): string {
  return value === null ? '' : visible(value);
}
