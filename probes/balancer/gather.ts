// Owns turning the ride's traces into the balancer record. Sends nothing, judges nothing.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { isNamed, nameSetKey } from '../../src/model/fields.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { textKey } from '../../src/model/text.ts';
import type { HopId, HttpFacts, RequestTrace } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import type { HostsEvidence } from '../hosts/evidence.ts';
import type { AnswersRecord, BalancerEvidence, EndpointRecord } from './evidence.ts';
import type { BalancerOptions } from './options.ts';
import { layerOf, scopeOf, signalsOf } from './signals.ts';

const MAX_BODIES = 16;
const MAX_NAMES = 64;

export const gather: Gather<BalancerEvidence, BalancerOptions> = async (context) => {
  const beganMs = context.net.now();
  const value = recordOf(context);
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

function recordOf({ endpoints, ride, lookup, earlier }: GatherContext<BalancerOptions>): BalancerEvidence {
  const hosts = earlier['hosts'] as HostsEvidence | undefined;
  const byEndpoint = endpoints.map((endpoint) => {
    const traces = ride.traces.filter((trace) => trace.endpoint === endpoint.id);
    const algorithm = hosts?.byEndpoint.find((each) => each.endpoint === endpoint.id)?.algorithm ?? null;
    return endpointRecord(endpoint, traces, algorithm);
  });
  const signals = signalsOf(ride.traces, byEndpoint, lookup);
  const zones = zonesOf(endpoints);
  const product = signals.find((signal) => signal.product !== null)?.product ?? null;
  return { ...layerOf(signals), scope: scopeOf(signals, zones), product, signals, byEndpoint, zones };
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
  };
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
