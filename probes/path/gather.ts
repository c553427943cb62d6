// Owns turning what was traced beside the ride, and the ride itself, into the path record. Sends nothing, judges nothing.
import type { FullSize, Reach, SegmentTrial, TraceReply } from '../../src/contract/path.ts';
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import type { IpAddress } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { summarize } from '../../src/stats/latency.ts';
import type { EndpointPath, FlowRecord, FullSizeRecord, PathEnd, PathEvidence, RouterRecord } from './evidence.ts';
import type { PathOptions } from './options.ts';
import type { TracedAll } from './trace.ts';

const MAX_ADDRESSES = 16;
const MAX_PLACES = 256;
/** Lifetimes that systems begin with: RFC 1700 and what is in use. */
const FIRST_TTLS = [64, 128, 255];
/** Sizes that must get through where the full one does not. */
const LEAST_PASSING = 2;
/** Three places of one router in one round: a circle. */
const LOOP_PLACES = 3;

export const gather: Gather<PathEvidence, PathOptions> = async (context) => {
  const beganMs = context.net.now();
  const { beside } = context;
  if (beside === undefined) return { state: 'skipped', because: 'nothing was traced' };
  if (beside.state !== 'complete') return beside.state === 'unfinished' ? { ...beside, value: null } : beside;
  const value = recordOf(context, beside.value as unknown as TracedAll);
  return { state: 'complete', value, elapsedMs: beside.elapsedMs + context.net.now() - beganMs };
};

function recordOf(context: GatherContext<PathOptions>, all: TracedAll): PathEvidence {
  const { ride, options, endpoints } = context;
  const byEndpoint = all.traced.map((one) => {
    const traces = ride.traces.filter(({ endpoint }) => endpoint === one.endpoint.id);
    // A zone may have become known since.
    const endpoint = endpoints.find(({ id }) => id === one.endpoint.id) ?? one.endpoint;
    return endpointPath({ ...one, endpoint }, traces, options);
  });
  return {
    byEndpoint,
    untraced: [...all.untraced],
    endpointsLeftOut: endpoints.length - all.traced.length - all.untraced.length,
    places: placesOf(context, all, byEndpoint),
  };
}

function endpointPath(
  { endpoint, cut, value, fullSize }: TracedAll['traced'][number],
  traces: readonly RequestTrace[],
  options: PathOptions,
): EndpointPath {
  const flows = value.sourcePorts.map((sourcePort, flow) =>
    flowRecord(
      sourcePort,
      value.replies.filter((reply) => reply.flow === flow),
      { cut, options },
    ),
  );
  const answered = Math.max(0, ...value.replies.flatMap(({ ttl, from }) => (from === null ? [] : [ttl])));
  const byTtl = Map.groupBy(value.replies, ({ ttl }) => ttl);
  const begun = traces.filter(({ spans, problem }) => spans.connect !== undefined || problem?.step === 'connect');
  return {
    ...{ endpoint: endpoint.id, zone: endpoint.zone, method: value.method, flows },
    // What the kernel has learnt from routers since the trace.
    pathMtuBytes: fullSize?.trials.at(-1)?.mtuBytes ?? value.pathMtuBytes,
    ...(fullSize?.trials[0] === undefined ? {} : { fullSize: fullSizeRecord(fullSize) }),
    reached: flows.some(({ end }) => end === 'reached' || end === 'refused'),
    rideConnects: begun.length,
    rideConnected: begun.filter(({ spans }) => spans.connect !== undefined).length,
    rideSynsLost: begun.filter(({ tcp, problem }) => (tcp?.retransmits ?? 0) > 0 || problem?.code === 'connect-timeout')
      .length,
    // What nobody answered behind the last that did is no router, but the end of what can be seen.
    routers: [...byTtl]
      .filter(([ttl]) => ttl <= answered)
      .toSorted(([a], [b]) => a - b)
      .map(([ttl, replies]) => routerRecord(ttl, replies)),
  };
}

function fullSizeRecord({ trials, reaches }: FullSize): FullSizeRecord {
  const packetBytes = trials[0]?.packetBytes ?? 0;
  const own = trials.filter((trial) => trial.packetBytes === packetBytes);
  const delivered = own.some((trial) => trial.delivered);
  const passesBytes = passingSize(own, trials);
  const reachOf = (reach: Reach | undefined): FullSizeRecord['farthestFull'] =>
    reach === undefined ? null : { ttl: reach.ttl, address: reach.from };
  return {
    ...{ packetBytes, delivered, passesBytes },
    hole: passesBytes === null ? null : delivered ? 'back' : 'there',
    receivedMssBytes: own.findLast(({ receivedMssBytes }) => receivedMssBytes !== null)?.receivedMssBytes ?? null,
    trials: trials.map((trial) => ({
      packetBytes: trial.packetBytes,
      delivered: trial.delivered,
      receivedBytes: trial.receivedBytes,
    })),
    farthestFull: reachOf(reaches.find((one) => one.packetBytes === packetBytes)),
    farthestPassing: reachOf(reaches.find((one) => one.packetBytes !== packetBytes)),
  };
}

/**
 * The largest size that fares better than the full one; null when none does. Every smaller one must too, and two at least: then it is the
 * size, and no accident or slow server.
 */
function passingSize(own: readonly SegmentTrial[], trials: readonly SegmentTrial[]): number | null {
  const arrived = own.some(({ delivered }) => delivered);
  const most = Math.max(...own.map(({ receivedBytes }) => receivedBytes ?? 0));
  if (own.length < 2 || (arrived && own.some(({ ended, receivedBytes }) => ended || receivedBytes === null)))
    return null;
  const better = ({ delivered, receivedBytes }: SegmentTrial): boolean =>
    delivered && (!arrived || (receivedBytes ?? 0) > most);
  const smaller = trials.filter((trial) => !own.includes(trial)).toSorted((a, b) => a.packetBytes - b.packetBytes);
  const firstLost = smaller.findIndex((trial) => !better(trial));
  const passing = firstLost < 0 ? smaller : smaller.slice(0, firstLost);
  const isSize = passing.length >= LEAST_PASSING && !smaller.slice(passing.length).some(better);
  return isSize ? (passing.at(-1)?.packetBytes ?? null) : null;
}

function routerRecord(ttl: number, replies: readonly TraceReply[]): RouterRecord {
  const answers = replies.filter(({ from }) => from !== null);
  const latencies = answers.flatMap(({ latencyMs }) => latencyMs ?? []);
  const last = answers.at(-1);
  return {
    ...{ ttl, addresses: addressesOf(answers), sent: replies.length, received: answers.length },
    latencyMs: latencies.length === 0 ? null : percentiles(latencies),
    clock: answers.length > 0 && answers.every(({ clock }) => clock === 'kernel') ? 'kernel' : 'loop',
    hopsBack: last?.replyTtl == null ? null : hopsBackOf(last.replyTtl),
    quotedMssBytes: answers.findLast(({ quotedMssBytes }) => quotedMssBytes !== null)?.quotedMssBytes ?? null,
  };
}

function addressesOf(answers: readonly TraceReply[]): IpAddress[] {
  const groups = Map.groupBy(
    answers.flatMap(({ from }) => from ?? []),
    (address) => address,
  );
  return [...groups]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([address]) => address)
    .slice(0, MAX_ADDRESSES);
}

function percentiles(latencies: readonly number[]): NonNullable<RouterRecord['latencyMs']> {
  const { min, p50, p90, p95, p99, max } = summarize(latencies);
  return { min, p50, p90, p95, p99, max };
}

function hopsBackOf(replyTtl: number): number {
  const first = FIRST_TTLS.find((ttl) => ttl >= replyTtl) ?? 255;
  return first - replyTtl + 1;
}

interface Asked {
  readonly cut: boolean;
  readonly options: PathOptions;
}

function flowRecord(sourcePort: number | null, replies: readonly TraceReply[], asked: Asked): FlowRecord {
  const last = replies.findLast(({ from }) => from !== null);
  const ending = replies.findLast(({ outcome }) => outcome !== 'router' && outcome !== 'silent');
  const farthest = Math.max(0, ...replies.map(({ ttl }) => ttl));
  const end = ending === undefined ? endWithout(replies, farthest, asked) : (ending.outcome as PathEnd);
  const way = Array.from({ length: Math.min(farthest, ending?.ttl ?? last?.ttl ?? 0) }, (_, at) => {
    const answer = replies.findLast(({ ttl, from }) => ttl === at + 1 && from !== null);
    return answer?.from ?? null;
  });
  const reached = end === 'reached' || end === 'refused';
  return {
    ...{ sourcePort, end, ttl: ending?.ttl ?? farthest, icmp: ending?.icmp ?? null, way },
    endedBy: ending?.from ?? way.findLast((address) => address !== null) ?? null,
    targetMs: reached ? replies.flatMap(({ outcome, latencyMs }) => (outcome === end ? (latencyMs ?? []) : [])) : [],
  };
}

function endWithout(replies: readonly TraceReply[], farthest: number, { cut, options }: Asked): PathEnd {
  const first = replies.filter(({ round }) => round === 0);
  const places = Map.groupBy(
    first.flatMap(({ from }) => from ?? []),
    (address) => address,
  );
  if ([...places.values()].some(({ length }) => length >= LOOP_PLACES)) return 'loop';
  // The last few are waited for the longest: half of them are enough when the journey ends before.
  const enough = cut ? Math.ceil(options.silentStop / 2) : options.silentStop;
  if (trailingSilence(first) >= enough) return 'silent';
  if (farthest >= options.maxTtl) return 'ttl';
  return 'cut';
}

function trailingSilence(replies: readonly TraceReply[]): number {
  return replies.length - 1 - replies.findLastIndex(({ outcome }) => outcome !== 'silent');
}

function placesOf(
  { networks }: GatherContext<PathOptions>,
  { names }: TracedAll,
  byEndpoint: readonly EndpointPath[],
): PathEvidence['places'] {
  const known = new Map(names);
  const all = new Set(byEndpoint.flatMap(({ routers }) => routers.flatMap(({ addresses }) => addresses)));
  return [...all].slice(0, MAX_PLACES).flatMap((address) => {
    const { place = null, autonomousSystem = null } = networks?.find(address) ?? {};
    const name = known.get(address) ?? null;
    if (name === null && place === null && autonomousSystem === null) return [];
    const { operator = null, region = null } = place ?? {};
    return [
      { address, name, operator, region, asn: autonomousSystem?.asn ?? null, asName: autonomousSystem?.name ?? null },
    ];
  });
}
