// Owns turning the ride's traces into the hosts record. Sends nothing, judges nothing.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { textKey, type WireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import { chao1, periodOf } from './estimate.ts';
import type { EndpointHosts, HostRecord, HostsEvidence } from './evidence.ts';
import { identify } from './identity.ts';
import type { HostsOptions } from './options.ts';

const MAX_HOSTS = 256;
/** One request may fail for any reason; two of two begin to be a host. */
const LEAST_REQUESTS = 2;

export const gather: Gather<HostsEvidence, HostsOptions> = async (context) => {
  const beganMs = context.net.now();
  const value = { byEndpoint: context.endpoints.map((endpoint) => endpointHosts(endpoint, context)) };
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

interface Answer {
  readonly trace: RequestTrace;
  readonly identity: WireText | null;
}

function endpointHosts(endpoint: Endpoint, { ride }: GatherContext<HostsOptions>): EndpointHosts {
  const traces = ride.traces
    .filter((trace) => trace.endpoint === endpoint.id && reachedHttp(trace))
    .toSorted((a, b) => a.sequence - b.sequence);
  const answered = traces.flatMap(({ http }) => http ?? []);
  const identification = identify(answered);
  let at = 0;
  const answers = traces.map((trace): Answer => {
    const identity = trace.http === null ? null : (identification?.identities[at++] ?? null);
    return { trace, identity };
  });
  const hosts = hostsOf(answers);
  const nameless = answers.filter(({ identity }) => identity === null);
  return {
    endpoint: endpoint.id,
    zone: endpoint.zone,
    requests: traces.length,
    answered: answered.length,
    serverErrors: answered.filter(({ status }) => status >= 500).length,
    identifiedBy: identification?.identifiedBy ?? null,
    ...countOf(hosts, answers),
    hosts: hosts.slice(0, MAX_HOSTS),
    unidentified: { requests: nameless.length, failures: nameless.filter(({ trace }) => failed(trace)).length },
    unhealthy: unhealthyOf(hosts),
  };
}

/** Past the connection and TLS: what failed before says nothing about a host, nor does what we stopped waiting for. */
function reachedHttp({ http, problem }: RequestTrace): boolean {
  if (problem?.code === 'cancelled') return false;
  return http !== null || problem === null || ['send', 'wait', 'receive'].includes(problem.step);
}

function failed({ http, problem }: RequestTrace): boolean {
  return problem !== null || http === null || http.status >= 500;
}

function hostsOf(answers: readonly Answer[]): HostRecord[] {
  const groups = Map.groupBy(answers, ({ identity }) => (identity === null ? null : textKey(identity)));
  return [...groups.values()]
    .flatMap((group) => {
      const identity = group[0]?.identity ?? null;
      return identity === null
        ? []
        : [
            hostOf(
              identity,
              group.map(({ trace }) => trace),
            ),
          ];
    })
    .toSorted((a, b) => b.requests - a.requests);
}

function hostOf(identity: WireText, traces: readonly RequestTrace[]): HostRecord {
  const byStatus = Map.groupBy(traces, ({ http }) => String(http?.status ?? 0));
  const waits = traces.flatMap(({ spans }) => spans.wait?.durationMs ?? []).toSorted((a, b) => a - b);
  return {
    identity,
    requests: traces.length,
    failures: traces.filter(failed).length,
    statuses: Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length])),
    waitP50Ms: waits.length === 0 ? null : quantile(waits, 0.5),
  };
}

type Counted = Pick<EndpointHosts, 'seen' | 'estimate' | 'low' | 'high' | 'algorithm' | 'algorithmConfidence'>;

function countOf(hosts: readonly HostRecord[], answers: readonly Answer[]): Counted {
  const unknown = { estimate: null, low: null, high: null, algorithm: null, algorithmConfidence: null };
  if (hosts.length === 0) return { seen: null, ...unknown };
  const seen = hosts.length;
  const sequence: (WireText | null)[] = [];
  for (const { trace, identity } of answers) sequence[trace.sequence] = identity;
  const period = periodOf(Array.from(sequence, (identity) => identity ?? null));
  if (period === null) {
    const { estimate, low, high } = chao1(hosts.map(({ requests }) => requests));
    return {
      ...unknown,
      seen,
      estimate: rounded(estimate),
      low: rounded(low),
      high: high === null ? null : rounded(high),
    };
  }
  // A whole turn was seen: there is no host that it does not pass.
  return { seen, estimate: seen, low: seen, high: seen, algorithm: 'round robin', algorithmConfidence: 'inferred' };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function unhealthyOf(hosts: readonly HostRecord[]): WireText[] {
  const mostlyFails = ({ failures, requests }: HostRecord): boolean => failures * 2 > requests;
  if (hosts.every(mostlyFails)) return [];
  return hosts.filter((host) => host.requests >= LEAST_REQUESTS && mostlyFails(host)).map(({ identity }) => identity);
}
