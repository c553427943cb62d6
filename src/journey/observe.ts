// Owns the way from settings to an observation: look up, ride, gather, write down. Judges nothing.
import { setMaxListeners } from 'node:events';
import type { Net } from '../contract/net.ts';
import type { AnyProbe } from '../contract/probe.ts';
import { type Observation, type ProbeState, SCHEMA } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import type { Endpoint } from '../model/target.ts';
import type { DnsName, IpAddress } from '../model/text.ts';
import type { Lookup, Ride } from '../model/trace.ts';
import { now } from '../net/clock.ts';
import { openDnsClient } from '../net/dns/client.ts';
import { systemResolvers } from '../net/dns/system.ts';
import { createMeter, type Meter } from '../net/meter.ts';
import { openSampler } from '../net/sample/sampler.ts';
import { endpointsOf } from './endpoints.ts';
import { type Gathered, gatherAll, skipped } from './gather.ts';
import { hopsOf } from './hops.ts';
import { LEFT_OUT, NO_ENDPOINT } from './observation-words.ts';
import { lookUpOf, type Progress, ride } from './ride.ts';
import { LIMITS, type RideSettings } from './settings.ts';

/** What an observation needs from outside: the wall clock, an id, who is looking, and a way to stop. */
export interface Vantage {
  readonly name: string;
  readonly zone: string | null;
  readonly addresses: readonly IpAddress[];
}

export interface ObserveContext {
  readonly id: string;
  /** Wall clock at the start, Unix ms. */
  readonly startedAtMs: number;
  readonly vantage: Vantage;
  /** Aborted by the user; the deadline is kept here. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Rides one journey. What the world does never rejects; rejects with UsageError for settings that cannot be used. */
export async function observe(
  settings: RideSettings,
  probes: readonly AnyProbe[],
  context: ObserveContext,
): Promise<Observation> {
  const originMs = now();
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(settings.deadlineMs)]);
  setMaxListeners(0, signal);
  const meter = createMeter();
  const net = await openNet(settings, meter);
  const name = settings.target.isAddress || settings.connect.length > 0 ? null : (settings.target.host as DnsName);
  const lookUp = lookUpOf(name, net.dns);
  const first = lookUp === null ? null : relativeTo(await lookUp(signal), originMs);
  const { ridden, leftOut } = endpointsOf(settings, first);
  const chosen = probes.filter((probe) => settings.probes.includes(probe.id));
  const shared = {
    target: settings.target,
    endpoints: ridden,
    lookup: first,
    startedAtMs: context.startedAtMs,
    signal,
  };
  const options = settings.probeOptions;
  const beside = gatherAll(
    chosen.filter((probe) => probe.reads === 'lookup'),
    { ...shared, ride: EMPTY },
    net,
    options,
    NONE,
  );
  const ridingProbes = chosen.filter((probe) => probe.reads === 'ride');
  const rode = await rideEndpoints(
    settings,
    { ...context, signal },
    { originMs, meter, first, lookUp, endpoints: ridden },
  );
  const early = await beside;
  const complete = !signal.aborted;
  const late =
    ridden.length === 0
      ? new Map(ridingProbes.map((probe) => [probe.id, skipped(NO_ENDPOINT)]))
      : await gatherAll(ridingProbes, { ...shared, ride: rode }, net, options, early);
  const gathered = new Map([...early, ...late]);
  for (const probe of probes) if (!gathered.has(probe.id)) gathered.set(probe.id, skipped(LEFT_OUT));
  return {
    schema: SCHEMA,
    id: context.id,
    startedAt: new Date(context.startedAtMs).toISOString(),
    durationMs: Math.round((now() - originMs) * 1000) / 1000,
    complete,
    target: settings.target,
    vantage: context.vantage,
    budget: meter.read(),
    endpoints: ridden,
    hops: hopsOf(ridden, rode),
    ...recorded(probes, gathered),
    riddenWith: riddenWith(settings, leftOut),
  };
}

const EMPTY: Ride = { traces: [], lookups: [], certificates: new Map() };
const NONE: ReadonlyMap<string, Gathered> = new Map();

async function openNet(settings: RideSettings, meter: Meter): Promise<Net> {
  const resolvers = settings.resolvers ?? (await systemResolvers());
  const { timeoutMs, families } = settings;
  return { now, dns: openDnsClient({ resolvers, timeoutMs, meter, families }) };
}

function relativeTo(lookup: Lookup, originMs: number): Lookup {
  return { ...lookup, startMs: lookup.startMs - originMs };
}

interface Start {
  readonly originMs: number;
  readonly meter: Meter;
  readonly first: Lookup | null;
  readonly lookUp: ReturnType<typeof lookUpOf>;
  readonly endpoints: readonly Endpoint[];
}

async function rideEndpoints(settings: RideSettings, context: ObserveContext, start: Start): Promise<Ride> {
  const { originMs, meter, first, lookUp, endpoints } = start;
  const { target, servername, trust, identity, request, http, timeoutMs } = settings;
  const sampler = await openSampler({
    ...{ target, servername, trust, identity, request, http, timeoutMs },
    ...{ limits: LIMITS, meter, originMs },
  });
  try {
    const schedule = { samples: settings.samples, rate: settings.rate, originMs };
    return await ride({
      endpoints,
      sampler,
      schedule,
      first,
      lookUp,
      signal: context.signal,
      onProgress: context.onProgress,
    });
  } finally {
    await sampler.close();
  }
}

function recorded(
  probes: readonly AnyProbe[],
  gathered: ReadonlyMap<string, Gathered>,
): Pick<Observation, 'probes' | 'evidence'> {
  const states: Record<string, ProbeState> = {};
  const evidence: Record<string, Json> = {};
  for (const { id } of probes) {
    const one = gathered.get(id) ?? skipped(LEFT_OUT);
    states[id] = one.state;
    evidence[id] = one.evidence;
  }
  return { probes: states, evidence };
}

/** What changed the looking, for the reader of an old journey. Header values and keys are not among it. */
function riddenWith(settings: RideSettings, endpointsLeftOut: number): Observation['riddenWith'] {
  return {
    samples: settings.samples,
    rate: settings.rate,
    timeoutMs: settings.timeoutMs,
    deadlineMs: settings.deadlineMs,
    resolvers: (settings.resolvers ?? []).map(({ address, port }) => `${address}#${port}`),
    families: settings.families,
    http: settings.http,
    servername: settings.servername,
    method: settings.request.method,
    headerNames: settings.request.headers.map(([name]) => name),
    trust: settings.trust.source,
    insecure: settings.trust.insecure,
    endpointsLeftOut,
  };
}
