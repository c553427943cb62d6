// Owns turning the ride's traces into the balancer record. Judges nothing; what is sent beyond the ride is sent by reuse.ts and intrusive.ts.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { fieldValue, fieldValues, isNamed, listOf, nameSetKey } from '../../src/model/fields.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { capture, matches, textKey } from '../../src/model/text.ts';
import type { HopId, HttpFacts, RequestTrace } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import type { DnsEvidence } from '../dns/evidence.ts';
import type { HostsEvidence } from '../hosts/evidence.ts';
import { layerBecause, layerOf, productOf, scopeOf, stickinessOf } from './conclude.ts';
import { tcpOf } from './connections.ts';
import type {
  AnswersRecord,
  BalancerEvidence,
  EndpointRecord,
  IntrusiveRecord,
  ReuseRecord,
  Signal,
} from './evidence.ts';
import { intrude } from './intrusive.ts';
import { fromNames, fromRanges } from './names.ts';
import type { BalancerOptions } from './options.ts';
import { fromRefusals } from './refusals.ts';
import { reuseOf } from './reuse.ts';
import { namesOf } from './reverse-names.ts';
import { shareOf } from './shares.ts';
import { isChallenge } from './shield.ts';
import { signalsOf } from './signals.ts';

const MAX_BODIES = 16;
const MAX_NAMES = 64;
const MAX_COOKIES = 16;
const MAX_EARLIER = 64;

export const gather: Gather<BalancerEvidence, BalancerOptions> = async (context) => {
  const beganMs = context.net.now();
  // One after the other: requests of our own between those on one connection would move the turn of the hosts.
  const reuse = await reuseOf(context);
  const value = recordOf(context, reuse, await intrude(context));
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

type Context = GatherContext<BalancerOptions>;

function recordOf(
  context: Context,
  reuse: readonly ReuseRecord[],
  intrusive: IntrusiveRecord | null,
): BalancerEvidence {
  const { endpoints, ride, lookup, earlier, networks } = context;
  const hosts = earlier['hosts'] as HostsEvidence | undefined;
  const dns = earlier['dns'] as DnsEvidence | undefined;
  const byEndpoint = endpoints.map((endpoint) => {
    const traces = ride.traces.filter((trace) => trace.endpoint === endpoint.id);
    const algorithm = hosts?.byEndpoint.find((each) => each.endpoint === endpoint.id)?.algorithm ?? null;
    return { ...endpointRecord(endpoint, traces, algorithm), share: shareOf(endpoint, endpoints, dns) };
  });
  const all = byEndpoint.map(({ endpoint }) => endpoint);
  const signals = [
    ...fromNames(lookup, all),
    ...fromRanges(networks, endpoints),
    ...signalsOf(ride.traces, byEndpoint, hosts, reuse),
    ...(intrusive === null ? [] : fromRefusals(intrusive, ride.traces)),
  ];
  const zones = zonesOf(endpoints);
  const layer = layerOf(signals);
  return {
    ...layer,
    layerBecause: layerBecause(layer, hosts),
    ...scopeOf(signals, zones, hosts),
    product: productOf(signals),
    ...{ signals, byEndpoint, zones },
    stickiness: stickinessOf(ride.traces, hosts),
    ...shieldsOf(signals, ride.traces),
    growth: growthOf(context),
    spread: spreadOf(byEndpoint, ride.traces),
    ...(context.options.reuse ? { reuse: [...reuse] } : {}),
    ...namesOf(context),
    ...(intrusive === null ? {} : { intrusive }),
    inside: null,
  };
}

function shieldsOf(
  signals: readonly Signal[],
  traces: readonly RequestTrace[],
): Pick<BalancerEvidence, 'shields' | 'challenges'> {
  const shields = [
    ...new Set(signals.flatMap(({ shields: is, product }) => (is && product !== null ? [product] : []))),
  ];
  return { shields, challenges: traces.filter(({ http }) => http !== null && isChallenge(http)).length };
}

/** Addresses that DNS gave: a balancer that grows adds some. */
function growthOf({ endpoints, before = [] }: Context): BalancerEvidence['growth'] {
  const addresses = inDns(endpoints);
  if (addresses === 0) return null;
  const earlier = before
    .filter((one) => inDns(one.endpoints) > 0)
    .slice(-MAX_EARLIER)
    .map((one) => ({ startedAt: one.startedAt, addresses: inDns(one.endpoints) }));
  return { addresses, earlier };
}

function inDns(endpoints: readonly Endpoint[]): number {
  return new Set(endpoints.filter(({ ttlSeconds }) => ttlSeconds !== null).map(({ address }) => address)).size;
}

function spreadOf(records: readonly EndpointRecord[], traces: readonly RequestTrace[]): BalancerEvidence['spread'] {
  const answered = records.filter(({ ok }) => ok > 0);
  if (answered.length < 2) return null;
  const connects = answered.flatMap(({ endpoint }) => {
    return (
      median(
        traces.filter((trace) => trace.endpoint === endpoint && trace.problem === null),
        'connect',
      ) ?? []
    );
  });
  return { connectMs: between(connects), waitMs: between(answered.flatMap(({ waitP50Ms }) => waitP50Ms ?? [])) };
}

function between(values: readonly number[]): number | null {
  return values.length < 2 ? null : Math.round((Math.max(...values) - Math.min(...values)) * 1000) / 1000;
}

function zonesOf(endpoints: readonly Endpoint[]): BalancerEvidence['zones'] {
  const byZone = Map.groupBy(endpoints, ({ zone }) => zone);
  return [...byZone].map(([zone, members]) => ({ zone, endpoints: members.map(({ id }) => id) }));
}

function endpointRecord(endpoint: Endpoint, traces: readonly RequestTrace[], algorithm: string | null): EndpointRecord {
  const finished = traces.filter(({ problem }) => problem === null);
  const answered = finished.flatMap(({ http }) => (http === null ? [] : [http]));
  const leaves = traces.toSorted((a, b) => a.sequence - b.sequence).flatMap(({ tls }) => tls?.chainSent[0] ?? []);
  const servers = answered.flatMap(({ headers }) => headers.find(([name]) => isNamed(name, 'server'))?.[1] ?? []);
  return {
    endpoint: endpoint.id,
    zone: endpoint.zone,
    attempts: traces.length,
    ok: finished.length,
    ...problemsOf(traces),
    ...cutOf(traces),
    statuses: Object.fromEntries(tally(answered, ({ status }) => status).map(([{ status }, n]) => [String(status), n])),
    answers: answersOf(answered),
    server: tally(servers, textKey)[0]?.[0] ?? null,
    certificates: tally(leaves, (leaf) => leaf).map(([fingerprint, n]) => ({ fingerprint, n })),
    certificateSwitches: leaves.filter((leaf, index) => index > 0 && leaf !== leaves[index - 1]).length,
    waitP50Ms: median(finished, 'wait'),
    totalP50Ms: median(finished, 'total'),
    algorithm,
    tcp: tcpOf(traces),
    cookies: cookiesOf(answered),
    persistence: persistenceOf(answered),
    alpn: tally(
      traces.flatMap(({ tls, problem }) => (tls === null || problem !== null ? [] : [tls.alpn])),
      (alpn) => alpn,
    ).map(([alpn]) => alpn),
  };
}

/** HTTP/2 has neither field (RFC 9113 8.2.2). */
function persistenceOf(answered: readonly HttpFacts[]): EndpointRecord['persistence'] {
  const answers = answered.filter(({ version }) => version === '1.1');
  if (answers.length === 0) return null;
  const closing = answers.filter(({ headers }) =>
    listOf(headers, 'connection').some((option) => matches(option, /^close$/i)),
  );
  const keepAlive = answers.flatMap(({ headers }) => fieldValue(headers, 'keep-alive') ?? []);
  return { answers: answers.length, closing: closing.length, keepAlive: tally(keepAlive, textKey)[0]?.[0] ?? null };
}

/** Names only: values are secrets of the session. */
function cookiesOf(answered: readonly HttpFacts[]): EndpointRecord['cookies'] {
  const names = answered.flatMap(({ headers }) =>
    fieldValues(headers, 'set-cookie').flatMap((line) => capture(line, /^\s*([^=;\s]{1,128})\s*=/) ?? []),
  );
  return tally(names, textKey)
    .slice(0, MAX_COOKIES)
    .map(([name]) => name);
}

function problemsOf(traces: readonly RequestTrace[]): Pick<EndpointRecord, 'failures' | 'problems'> {
  const seen = traces.flatMap(({ problem }) => problem ?? []);
  const problems = tally(seen, ({ code, step }) => `${code} ${step}`).map(([problem, n]) => ({ ...problem, n }));
  const failures = Object.fromEntries(tally(seen, ({ code }) => code).map(([{ code }, n]) => [code, n]));
  return { failures, problems };
}

function cutOf(traces: readonly RequestTrace[]): Pick<EndpointRecord, 'cut' | 'cutAfterMs'> {
  const cut = traces.filter(({ problem }) => problem?.code === 'cancelled');
  const waitsMs = cut.flatMap(({ cutAfterMs }) => cutAfterMs ?? []);
  return { cut: cut.length, cutAfterMs: waitsMs.length === 0 ? null : Math.max(...waitsMs) };
}

function answersOf(answered: readonly HttpFacts[]): AnswersRecord[] {
  const byStatus = [...Map.groupBy(answered, ({ status }) => status)];
  return byStatus
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([status, answers]) => {
      const forms = tally(
        answers.map(({ headers }) => headers.map(([name]) => name)),
        nameSetKey,
      );
      const bodies = tally(answers, ({ bodySha256 }) => bodySha256);
      return {
        status,
        n: answers.length,
        headerNames: (forms[0]?.[0] ?? []).slice(0, MAX_NAMES),
        headerVariants: forms.length,
        bodies: bodies.slice(0, MAX_BODIES).map(([{ bodySha256 }, n]) => ({ sha256: bodySha256, n })),
      };
    });
}

/** The first of each kind and how many there are, most frequent first. */
function tally<T>(items: readonly T[], keyOf: (item: T) => unknown): readonly (readonly [T, number])[] {
  const groups = [...Map.groupBy(items, keyOf).values()];
  return groups
    .flatMap((group) => (group[0] === undefined ? [] : [[group[0], group.length] as const]))
    .toSorted(([, a], [, b]) => b - a);
}

function median(traces: readonly RequestTrace[], hop: HopId): number | null {
  const sorted = traces.flatMap(({ spans }) => spans[hop]?.durationMs ?? []).toSorted((a, b) => a - b);
  return sorted.length === 0 ? null : quantile(sorted, 0.5);
}
