// Owns reading how long layers say that they took: Server-Timing and the headers of known proxies. Pure.
import { decimal, fieldValue } from '../../src/model/fields.ts';
import { LONGEST_MS, serverTiming } from '../../src/model/server-timing.ts';
import { capture, type WireText, wireText } from '../../src/model/text.ts';
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
];

export function claimsOf({ headers, trailers }: HttpFacts): readonly Claim[] {
  const timed = (fields: HttpFacts['headers'], inTrailer: boolean): readonly Claim[] =>
    serverTiming(fields).map((entry) => ({ ...entry, source: 'server-timing', inTrailer }));
  const known = timingHeaders.flatMap(({ header, pattern, unitMs }): readonly Claim[] => {
    const value = fieldValue(headers, header);
    const number = value === null ? null : decimal(capture(value, pattern));
    if (number === null || number * unitMs > LONGEST_MS) return [];
    return [{ name: wireText(header), source: 'header', ms: number * unitMs, inTrailer: false }];
  });
  return [...timed(headers, false), ...timed(trailers, true), ...known];
}
