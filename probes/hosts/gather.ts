// Owns turning the ride's traces into the hosts record. Judges nothing; what is sent beyond the ride is sent by infer.ts.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { textKey, type WireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { wilsonInterval } from '../../src/stats/proportion.ts';
import { quantile } from '../../src/stats/quantile.ts';
import { type Decision, decide, turnOf } from './algorithm.ts';
import { bySequence, drawsOf, type Known } from './draws.ts';
import { chao1 } from './estimate.ts';
import type { EndpointHosts, HostRecord, HostsEvidence, Stay } from './evidence.ts';
import { type Answer, failed, failurePeriod, lateAnswers, slowerHosts } from './health.ts';
import { affinityCookie, type Identification, identify } from './identity.ts';
import { askMore, MOST_ENDPOINTS, type More } from './infer.ts';
import type { HostsOptions } from './options.ts';
import { type Census, sharingOf } from './sharing.ts';
import { tryToStay } from './stay.ts';

const MAX_HOSTS = 256;
/** One request may fail for any reason; two of two begin to be a host. */
const LEAST_REQUESTS = 2;

export const gather: Gather<HostsEvidence, HostsOptions> = async (context) => {
  const beganMs = context.net.now();
  const read = context.endpoints.map((endpoint) => answersOf(endpoint, context));
  const beyond = await beyondOf(read, context);
  const looked = read.map((each) => endpointHosts(each, beyond.get(each) ?? null));
  const value = {
    byEndpoint: looked.map(({ record }) => record),
    sharing: sharingOf(looked.flatMap(({ census }) => census ?? [])),
  };
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

interface Read {
  readonly endpoint: Endpoint;
  /** In the order sent. */
  readonly answers: readonly Answer[];
  readonly identification: Identification | null;
}

function answersOf(endpoint: Endpoint, { ride }: GatherContext<HostsOptions>): Read {
  const traces = ride.traces
    .filter((trace) => trace.endpoint === endpoint.id && reachedHttp(trace))
    .toSorted((a, b) => a.sequence - b.sequence);
  const identification = identify(traces);
  const answers = traces.map((trace, at): Answer => ({ trace, identity: identification?.identities[at] ?? null }));
  return { endpoint, answers, identification };
}

interface Beyond {
  readonly more: More;
  readonly stay: Stay | null;
  readonly requests: number;
}

/** What was asked beyond the ride, of those endpoints that show several hosts. */
async function beyondOf(
  read: readonly Read[],
  context: GatherContext<HostsOptions>,
): Promise<ReadonlyMap<Read, Beyond>> {
  if (!context.options.infer || context.net.sample === undefined) return new Map();
  const several = read.filter(({ answers, identification }) => {
    return drawsOf(answers, identification?.identifiedBy ?? null, null).counts.length > 1;
  });
  const asked = several.slice(0, MOST_ENDPOINTS).map(async (each) => [each, await askBeyond(each, context)] as const);
  return new Map((await Promise.all(asked)).flatMap(([each, beyond]) => (beyond === null ? [] : [[each, beyond]])));
}

async function askBeyond(each: Read, { net, options, signal }: GatherContext<HostsOptions>): Promise<Beyond | null> {
  const { endpoint, answers, identification } = each;
  const { sample, sampleWith } = net;
  if (sample === undefined || identification === null) return null;
  const { serial, counts } = drawsOf(answers, identification.identifiedBy, null);
  const asking = { endpoint, hosts: counts.length, wantsBursts: turnOf(serial, counts.length) === null };
  const { burstEveryMs } = options;
  const more = await askMore({ ...asking, burstEveryMs, sample, signal, now: () => net.now() });
  const traces = answers.map(({ trace }) => trace);
  const trial = { endpoint, traces, identification, signal };
  const tried = sampleWith === undefined ? null : await tryToStay({ ...trial, sampleWith });
  return { more, stay: tried?.stay ?? null, requests: more.requests + (tried?.requests ?? 0) };
}

interface Looked {
  readonly record: EndpointHosts;
  readonly census: Census | null;
}

function endpointHosts({ endpoint, answers, identification }: Read, beyond: Beyond | null): Looked {
  const traces = answers.map(({ trace }) => trace);
  const answered = traces.flatMap(({ http }) => http ?? []);
  const hosts = hostsOf(answers);
  const nameless = answers.filter(({ identity }) => identity === null);
  const draws = drawsOf(answers, identification?.identifiedBy ?? null, beyond?.more ?? null);
  const decision = decide(draws);
  const record: EndpointHosts = {
    endpoint: endpoint.id,
    zone: endpoint.zone,
    requests: traces.length,
    answered: answered.length,
    serverErrors: answered.filter(({ status }) => status >= 500).length,
    identifiedBy: identification?.identifiedBy ?? null,
    ...countOf(draws, identification, decision, answered.length),
    infer: beyond === null ? null : inferOf(beyond, draws, decision),
    tickets: ticketsOf(traces),
    affinityCookie: affinityCookie(traces),
    stay: beyond?.stay ?? null,
    hosts: hosts.slice(0, MAX_HOSTS),
    unidentified: { requests: nameless.length, failures: nameless.filter(({ trace }) => failed(trace)).length },
    unhealthy: unhealthyOf(hosts),
    slower: slowerHosts(answers).slice(0, MAX_HOSTS),
    failurePeriod: failurePeriod(bySequence(answers, ({ trace }) => failed(trace))),
    late: lateAnswers(answers),
  };
  return { record, census: censusOf(record, identification) };
}

function ticketsOf(traces: readonly RequestTrace[]): NonNullable<EndpointHosts['tickets']> {
  const names = traces.flatMap(({ tls }) => tls?.ticketKeyName ?? []);
  return { samples: names.length, keys: new Set(names).size };
}

function inferOf(
  { more: { bursts }, requests }: Beyond,
  { holds }: Known,
  { facts }: Decision,
): EndpointHosts['infer'] {
  return {
    ...{ requests, bursts: bursts.length, burstSize: bursts[0]?.length ?? 0 },
    ...{ dispersion: facts.burstDispersion, dispersionChance: facts.burstChance, held: holds.length },
    avoided: holds.filter(({ host, others }) => others.length > 0 && !others.includes(host)).length,
  };
}

/** Past the connection and TLS: what failed before says nothing about a host, nor does what we stopped waiting for. */
function reachedHttp({ http, problem }: RequestTrace): boolean {
  if (problem?.code === 'cancelled') return false;
  return http !== null || problem === null || ['send', 'wait', 'receive'].includes(problem.step);
}

function hostsOf(answers: readonly Answer[]): HostRecord[] {
  const known = answers.filter(({ identity }) => identity !== null);
  const groups = Map.groupBy(known, ({ identity }) => (identity === null ? null : textKey(identity)));
  return [...groups.values()]
    .flatMap((group) => {
      const identity = group[0]?.identity ?? null;
      return identity === null
        ? []
        : [
            hostOf(
              identity,
              group.map(({ trace }) => trace),
              known.length,
            ),
          ];
    })
    .toSorted((a, b) => b.requests - a.requests);
}

function hostOf(identity: WireText, traces: readonly RequestTrace[], known: number): HostRecord {
  const byStatus = Map.groupBy(traces, ({ http }) => String(http?.status ?? 0));
  const waits = traces.flatMap(({ spans }) => spans.wait?.durationMs ?? []).toSorted((a, b) => a - b);
  const [low, high] = wilsonInterval(traces.length, known);
  return {
    identity,
    requests: traces.length,
    failures: traces.filter(failed).length,
    statuses: Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length])),
    waitP50Ms: waits.length === 0 ? null : quantile(waits, 0.5),
    share: [Math.round(low * 1000) / 1000, Math.round(high * 1000) / 1000],
  };
}

type Counted = Pick<
  EndpointHosts,
  'seen' | 'estimate' | 'low' | 'high' | 'algorithm' | 'algorithmConfidence' | 'alsoFits' | 'algorithmBecause' | 'order'
>;

function countOf(
  { serial, counts }: Known,
  identification: Identification | null,
  decision: Decision,
  answered: number,
): Counted {
  const { algorithm, alsoFits, because, facts } = decision;
  const answers = serial.filter((kind) => kind !== null).length;
  const { period, successorChance, evenChance } = facts;
  const chosen = {
    algorithm,
    algorithmConfidence: algorithm === null ? null : ('inferred' as const),
    ...{ alsoFits: [...alsoFits], algorithmBecause: because, order: { answers, period, successorChance, evenChance } },
  };
  if (identification === null || counts.length === 0) {
    // Whatever answered is one host at least.
    return { seen: null, estimate: null, low: answered > 0 ? 1 : null, high: null, ...chosen };
  }
  const seen = counts.length;
  // A whole turn was seen: there is no host that it does not pass, and a place without a name is a host's that fails before it says one.
  const turn = { estimate: seen + facts.nameless, low: seen, high: seen + facts.nameless };
  const { estimate, low, high } = period === null ? chao1(counts) : turn;
  // One host for each client may be one of any number; and what several hosts may share counts them from below.
  const isOpen = high === null || seen === 1 || !identification.isWhole;
  return { seen, estimate: rounded(estimate), low: rounded(low), high: isOpen ? null : rounded(high), ...chosen };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function unhealthyOf(hosts: readonly HostRecord[]): WireText[] {
  const mostlyFails = ({ failures, requests }: HostRecord): boolean => failures * 2 > requests;
  if (hosts.every(mostlyFails)) return [];
  return hosts.filter((host) => host.requests >= LEAST_REQUESTS && mostlyFails(host)).map(({ identity }) => identity);
}

function censusOf({ endpoint, hosts }: EndpointHosts, identification: Identification | null): Census | null {
  if (identification?.isWhole !== true) return null;
  return {
    endpoint,
    identifiedBy: identification.identifiedBy,
    answers: hosts.reduce((sum, { requests }) => sum + requests, 0),
    hosts: hosts.map(({ identity }) => textKey(identity)),
  };
}
