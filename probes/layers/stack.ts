// Owns dividing the wait of each answer among the layers that say their time: network, layers from the client inwards, what nobody explains. Pure.
import { isNamed } from '../../src/model/fields.ts';
import { serverTiming } from '../../src/model/server-timing.ts';
import { matches, sameText, type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts, RequestTrace } from '../../src/model/trace.ts';
import { quantile, quantileInterval } from '../../src/stats/quantile.ts';
import { cacheOf } from './caches.ts';
import { cdnEntries, headerClaim } from './claims.ts';
import type { StackRecord } from './evidence.ts';
import { signs } from './signs.ts';

/** Headers round to whole milliseconds, each to its own side. */
const ROUNDING_MS = 1.5;
const MAX_ROWS = 16;

type Kind = StackRecord['kind'];

/** How long everything from one place inwards took, as somebody there says. */
interface Boundary {
  readonly signal: string;
  readonly name: WireText;
  readonly kind: Kind;
  readonly ms: number;
}

/** A layer's own part of one wait. */
export interface Part extends Boundary {
  readonly confidence: StackRecord['confidence'];
}

export interface Divided {
  readonly parts: readonly Part[];
  /** A layer inside claims more than the one around it: such claims are left out. */
  readonly contradicted: boolean;
}

function boundary(kind: Kind, name: string, signal: string, ms: number | null): readonly Boundary[] {
  return ms === null ? [] : [{ kind, name: wireText(name), signal, ms }];
}

function plus(a: number | null, b: number | null): number | null {
  return a === null ? null : a + (b ?? 0);
}

/** Delivery networks: Fastly and CloudFront say the whole, Akamai and Cloudflare their own part and the origin's apart. */
function edgesOf({ headers }: HttpFacts): readonly Boundary[] {
  const entries = cdnEntries(headers);
  const said = (wanted: string): number | null => entries.find(({ name }) => isNamed(name, wanted))?.ms ?? null;
  const [own, origin, upstream] = [said('edge'), said('origin'), said('cdn-upstream-fbl')];
  return [
    ...boundary('edge', 'edge', 'server-timing edge', plus(own, origin)),
    ...boundary('edge', 'Amazon CloudFront', 'server-timing cdn-downstream-fbl', said('cdn-downstream-fbl')),
    ...boundary('edge', 'Fastly', 'x-timer', headerClaim(headers, 'x-timer')),
    ...boundary('upstream', 'behind the edge', 'server-timing origin', origin),
    ...boundary('upstream', 'behind CloudFront', 'server-timing cdn-upstream-fbl', upstream),
  ];
}

function proxiesOf({ headers }: HttpFacts): readonly Boundary[] {
  const [kong, behindKong] = [
    headerClaim(headers, 'x-kong-proxy-latency'),
    headerClaim(headers, 'x-kong-upstream-latency'),
  ];
  const envoy = headerClaim(headers, 'x-envoy-upstream-service-time');
  const found = [
    ...boundary('proxy', 'Kong', 'x-kong-proxy-latency', plus(kong, behindKong)),
    ...boundary('proxy', 'Kong', 'x-kong-response-latency', headerClaim(headers, 'x-kong-response-latency')),
    ...boundary('upstream', 'behind Kong', 'x-kong-upstream-latency', behindKong),
    ...boundary('upstream', 'behind Envoy', 'x-envoy-upstream-service-time', envoy),
  ];
  // Which of two proxies is in front nobody says: the one in front cannot have taken less.
  return found.toSorted((a, b) => b.ms - a.ms);
}

/** What the service says of itself: the largest entry; others are parts of it, one after the other or at once. */
function serviceOf({ headers }: HttpFacts): readonly Boundary[] {
  const cdn = new Set(cdnEntries(headers).map(({ name }) => JSON.stringify(name)));
  const entries = serverTiming(headers)
    .filter(({ name }) => !cdn.has(JSON.stringify(name)))
    .map(({ name, ms }): Boundary => ({ kind: 'service', name, signal: 'server-timing', ms }));
  const own = [
    ...entries,
    ...boundary('service', 'service', 'x-runtime', headerClaim(headers, 'x-runtime')),
    ...boundary('service', 'service', 'x-response-time', headerClaim(headers, 'x-response-time')),
  ];
  return own.toSorted((a, b) => b.ms - a.ms).slice(0, 1);
}

/** Whose claims belong to this wait: of an answer out of a cache, what is behind the cache was another request's. */
function boundariesOf(http: HttpFacts): readonly Boundary[] {
  const edges = edgesOf(http);
  if (cacheOf(http) !== 'hit') return [...edges, ...proxiesOf(http), ...serviceOf(http)];
  const isAtEdge = signs.some(
    ({ kind, header, pattern }) =>
      kind === 'edge' && http.headers.some(([name, value]) => isNamed(name, header) && matches(value, pattern)),
  );
  return isAtEdge ? edges.filter(({ kind }) => kind === 'edge') : [...edges, ...proxiesOf(http)];
}

/** Null where there is no wait to divide. */
export function divide({ http, spans, tcp }: RequestTrace): Divided | null {
  const waitMs = spans.wait?.durationMs;
  if (http === null || waitMs === undefined) return null;
  const rttMs = tcp === null || tcp.retransmits > 0 ? null : tcp.rttMs;
  const network = boundary('network', 'network', 'tcp round trip', rttMs === null ? null : Math.min(rttMs, waitMs));
  const parts: Part[] = network.map((each) => ({ ...each, confidence: 'measured' }));
  const claims = boundariesOf(http);
  let around: Boundary = {
    kind: 'rest',
    name: wireText('not told'),
    signal: 'rest',
    ms: waitMs - (network[0]?.ms ?? 0),
  };
  let contradicted = false;
  for (const claim of claims) {
    if (claim.ms > around.ms + ROUNDING_MS) {
      contradicted = true;
      continue;
    }
    const inside = Math.min(claim.ms, around.ms);
    parts.push(partOf(around, around.ms - inside));
    around = { ...claim, ms: inside };
  }
  return { parts: [...parts, partOf(around, around.ms)], contradicted };
}

function partOf(around: Boundary, ms: number): Part {
  return { ...around, ms, confidence: around.kind === 'rest' ? 'rest' : 'said' };
}

/** Each layer over all answers of one endpoint, in the order of the answer that shows most of them. */
export function stackOf(traces: readonly RequestTrace[]): {
  readonly stack: StackRecord[];
  readonly contradicted: number;
} {
  const divided = traces.flatMap((trace) => divide(trace) ?? []);
  const all = divided.flatMap(({ parts }) => parts.map((part, place) => ({ ...part, place })));
  const groups = [...Map.groupBy(all, ({ signal }) => signal).values()];
  const rows = groups.flatMap((group): readonly { readonly row: StackRecord; readonly place: number }[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { kind, signal, confidence } = first;
    // The largest entry of Server-Timing is not always the same.
    const name = group.every((each) => sameText(each.name, first.name)) ? first.name : wireText(kind);
    const place = group.reduce((deepest, each) => Math.max(deepest, each.place), 0);
    return [{ row: { name, kind, signal, confidence, ...timesOf(group.map(({ ms }) => ms)) }, place }];
  });
  const ordered = rows.toSorted((a, b) => a.place - b.place || b.row.n - a.row.n).slice(0, MAX_ROWS);
  return {
    stack: ordered.map(({ row }) => row),
    contradicted: divided.filter((each) => each.contradicted).length,
  };
}

/** Percentiles with what bounds them, as those of hops. */
function timesOf(values: readonly number[]): Pick<StackRecord, 'n' | 'p50Ms' | 'p50IntervalMs' | 'p99Ms'> {
  const sorted = values.map(rounded).toSorted((a, b) => a - b);
  const interval = quantileInterval(sorted, 0.5);
  return {
    n: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p50IntervalMs: interval === null ? null : [interval[0], interval[1]],
    p99Ms: quantileInterval(sorted, 0.99) === null ? null : quantile(sorted, 0.99),
  };
}

/** To the microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
