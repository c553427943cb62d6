// Owns traces built as data, for tests of gathers: no network, every field can be said.
import type { GatherContext } from '../../src/contract/probe.ts';
import type { Problem } from '../../src/model/problem.ts';
import { type Endpoint, endpointId, parseTarget } from '../../src/model/target.ts';
import { type IpAddress, wireText } from '../../src/model/text.ts';
import type { HttpFacts, RequestTrace } from '../../src/model/trace.ts';

/** One endpoint for each zone, on addresses of the documentation range (RFC 5737). */
export function endpointsOf(...zones: readonly (string | null)[]): readonly Endpoint[] {
  return zones.map((zone, index) => {
    const address = `192.0.2.${index + 1}` as IpAddress;
    const source = zone === null ? null : 'flag';
    return { id: endpointId(address, 443), address, port: 443, family: 4, zone, zoneSource: source, ttlSeconds: 60 };
  });
}

export interface TraceScript {
  readonly fieldsTruncated?: boolean;
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly trailers?: readonly (readonly [string, string])[];
  readonly version?: HttpFacts['version'];
  readonly body?: string;
  readonly waitMs?: number;
  readonly leaf?: string;
  readonly problem?: Problem;
  /** With the problem `cancelled`. */
  readonly cutAfterMs?: number;
}

const fields = (pairs: readonly (readonly [string, string])[] = []): HttpFacts['headers'] =>
  pairs.map(([name, value]) => [wireText(name), wireText(value)] as const);

/** A trace for each script, in sequence, on one endpoint. A script with a problem and no status was not answered. */
export function tracesOn(endpoint: Endpoint, scripts: readonly TraceScript[]): readonly RequestTrace[] {
  return scripts.map((script, sequence): RequestTrace => {
    const { status = script.problem === undefined ? 200 : undefined, body = 'ok', waitMs = 5, problem = null } = script;
    const span = (durationMs: number) => ({ startMs: sequence * 100, durationMs, clock: 'loop' as const });
    const http: HttpFacts | null =
      status === undefined
        ? null
        : {
            ...{
              version: script.version ?? '1.1',
              status,
              headers: fields(script.headers),
              trailers: fields(script.trailers),
              fieldsTruncated: script.fieldsTruncated ?? false,
            },
            ...{ bodyBytes: body.length, bodySha256: `sha-${body}`, bodyStart: wireText(body), truncated: false },
          };
    return {
      ...{ endpoint: endpoint.id, sequence, startMs: sequence * 100, tcp: null, http, problem },
      ...(script.cutAfterMs === undefined ? {} : { cutAfterMs: script.cutAfterMs }),
      spans: http === null ? {} : { wait: span(waitMs), receive: span(1), total: span(waitMs + 3) },
      tls: {
        ...{ protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', group: 'X25519', alpn: null, servername: null },
        ...{ chainSent: [script.leaf ?? 'leaf'], verifyError: null, ocspStapled: false },
      },
    };
  });
}

/** `count` copies of what the function gives for each sequence. */
export function times(count: number, script: (sequence: number) => TraceScript): readonly TraceScript[] {
  return Array.from({ length: count }, (_, sequence) => script(sequence));
}

/** The context of a gather that reads the ride. Its network is a clock and nothing else: using more would throw. */
export function contextOf<O>(
  options: O,
  endpoints: readonly Endpoint[],
  traces: readonly RequestTrace[],
  more: Partial<GatherContext<O>> = {},
): GatherContext<O> {
  return {
    ...{ target: parseTarget('kms.example'), endpoints, lookup: null, options, startedAtMs: 0, earlier: {} },
    ride: { traces, lookups: [], certificates: new Map() },
    net: { now: () => 0, dns: undefined as never },
    signal: new AbortController().signal,
    ...more,
  };
}
