// Owns reading how long layers say that they took: Server-Timing and the headers of known proxies. Pure.
import { decimal, type Fields, fieldValue, isNamed } from '../../src/model/fields.ts';
import { entriesOf, LONGEST_MS, type ServerTimingEntry, serverTiming } from '../../src/model/server-timing.ts';
import { capture, matches, type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { SpanRecord } from './evidence.ts';

/** One layer's claim in one answer. */
export interface Claim {
  readonly name: WireText;
  readonly source: SpanRecord['source'];
  readonly ms: number;
  /** True when it came after the body, so that it may cover the body as well. */
  readonly inTrailer: boolean;
}

interface TimingHeader {
  readonly header: string;
  readonly pattern: RegExp;
  /** Milliseconds in one unit of the header. */
  readonly unitMs: number;
  readonly source: string;
}

/** Headers in which proxies and frameworks say how long what is behind them took. */
const timingHeaders: readonly TimingHeader[] = [
  {
    header: 'x-envoy-upstream-service-time',
    pattern: /^(\d+)$/,
    unitMs: 1,
    source: 'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter',
  },
  {
    header: 'x-kong-upstream-latency',
    pattern: /^(\d+)$/,
    unitMs: 1,
    source: 'https://github.com/Kong/kong (kong/constants.lua)',
  },
  {
    header: 'x-kong-proxy-latency',
    pattern: /^(\d+)$/,
    unitMs: 1,
    source: 'https://developer.konghq.com/support/kong-proxy-latency-exceeds-timeout-limit-specified-on-service/',
  },
  // Instead of the other two, in answers of its own.
  {
    header: 'x-kong-response-latency',
    pattern: /^(\d+)$/,
    unitMs: 1,
    source: 'https://github.com/Kong/kong (kong/constants.lua)',
  },
  {
    header: 'x-timer',
    pattern: /,VE(\d+)/,
    unitMs: 1,
    source: 'https://www.fastly.com/documentation/reference/http/http-headers/X-Timer/',
  },
  // Seconds with a fraction; a whole number is the milliseconds of another library, and is left alone.
  {
    header: 'x-runtime',
    pattern: /^(\d+\.\d+)$/,
    unitMs: 1000,
    source: 'https://rack.github.io/rack/3.1/Rack/Runtime.html',
  },
  {
    header: 'x-response-time',
    pattern: /^(\d+(?:\.\d+)?)ms$/,
    unitMs: 1,
    source: 'https://github.com/expressjs/response-time',
  },
];

/** Names that delivery networks give their entries: CloudFront `cdn-…`, Cloudflare `cf…`. */
const OF_CDN = /^(cdn-|cf[A-Z]|cfz)/;

/**
 * Entries that a delivery network writes of itself. Akamai and Cloudflare name two of theirs so that anybody might: `edge` and `origin`
 * are theirs beside `cdn-cache`. Sources: developer.akamai.com (CDN server timing), developers.cloudflare.com/changelog (cfWorker).
 */
export function cdnEntries(fields: Fields): readonly ServerTimingEntry[] {
  const all = entriesOf(fields);
  const isDelivered = all.some(({ name }) => isNamed(name, 'cdn-cache'));
  return all.filter(
    ({ name }) => matches(name, OF_CDN) || (isDelivered && (isNamed(name, 'edge') || isNamed(name, 'origin'))),
  );
}

/** What one of the known headers says, ms; null when it is not there or says nothing. */
export function headerClaim(headers: Fields, header: string): number | null {
  const known = timingHeaders.find((each) => each.header === header);
  const value = known === undefined ? null : fieldValue(headers, header);
  const number = known === undefined || value === null ? null : decimal(capture(value, known.pattern));
  const ms = number === null || known === undefined ? null : number * known.unitMs;
  return ms === null || ms > LONGEST_MS ? null : ms;
}

export function claimsOf({ headers, trailers }: HttpFacts): readonly Claim[] {
  const timed = (fields: Fields, inTrailer: boolean): readonly Claim[] =>
    serverTiming(fields).map((entry) => ({ ...entry, source: 'server-timing', inTrailer }));
  const known = timingHeaders.flatMap(({ header }): readonly Claim[] => {
    const ms = headerClaim(headers, header);
    return ms === null ? [] : [{ name: wireText(header), source: 'header', ms, inTrailer: false }];
  });
  return [...timed(headers, false), ...timed(trailers, true), ...known];
}
