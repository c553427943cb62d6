// Owns the way from settings to an observation: look up, ride, gather, write down. Judges nothing.
import { setMaxListeners } from 'node:events';
import type { Net } from '../contract/net.ts';
import type { AnyProbe } from '../contract/probe.ts';
import { type Observation, type ProbeState, SCHEMA } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import { LEFT_OUT, NO_ENDPOINT } from '../model/observation-words.ts';
import type { Problem } from '../model/problem.ts';
import type { OnStep } from '../model/step-trace.ts';
import type { Endpoint } from '../model/target.ts';
import type { DnsName, IpAddress } from '../model/text.ts';
import type { Lookup, RequestTrace, Ride } from '../model/trace.ts';
import type { Authorization } from '../net/auth/authorization.ts';
import { fieldNames } from '../net/auth/credentials.ts';
import { type CallOptions, type OpenedCall, openCall } from '../net/call/call.ts';
import { now } from '../net/clock.ts';
import { openConverse } from '../net/conversation/open-converse.ts';
import { type OpenedDnsClient, openDnsClient } from '../net/dns/client.ts';
import { formatServer } from '../net/dns/server-text.ts';
import { systemResolvers } from '../net/dns/system.ts';
import { openHello } from '../net/hello/exchange.ts';
import { createMeter, type Meter } from '../net/meter.ts';
import { openFetchNamed } from '../net/named/fetch-named.ts';
import { httpOpening, type Opening, tlsOpening } from '../net/path/opening.ts';
import { openTracer, type Tracer } from '../net/path/tracer.ts';
import { trustedRoots } from '../net/sample/roots.ts';
import { ALPN, openSampler, type Sampler, type SamplerOptions } from '../net/sample/sampler.ts';
import { type OpenedTalk, openTalk } from '../net/talk/talk.ts';
import { openHandshake } from '../net/tls/open-handshake.ts';
import { rideWithBeside, zonesBeside } from './beside.ts';
import { endpointsOf, withZones } from './endpoints.ts';
import { type Gathered, gatherAll, skipped } from './gather.ts';
import { hopsOf } from './hops.ts';
import { lookUpOf, type Progress, ride } from './ride.ts';
import { type OpenedSampleMore, openSampleMore } from './sample-more.ts';
import { DEFAULT_CLOCK, LIMITS, type RideSettings } from './settings.ts';
import { type ShowingWho, showingWho } from './showing-who.ts';

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
  /** Given the samples themselves, of which the observation keeps what the probes made of them. */
  readonly onRide?: (ride: Ride) => void;
  /** Given each sample that a probe sent beyond the ride. */
  readonly onSample?: (trace: RequestTrace) => void;
  /** Given each step of a journey file as it went, without its secrets. */
  readonly onStep?: OnStep;
  /** Told before the ride why its requests cannot show who the caller is. */
  readonly onNoCredentials?: (because: Problem) => void;
}

/**
 * Rides one journey. What the world does never rejects; rejects with UsageError for settings that cannot be used, before
 * anything is sent. When it has settled nothing of it is under way any more.
 */
export async function observe(
  settings: RideSettings,
  probes: readonly AnyProbe[],
  context: ObserveContext,
): Promise<Observation> {
  const originMs = now();
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(settings.deadlineMs), over.signal]);
  setMaxListeners(0, signal);
  const meter = createMeter();
  // First: it looks at the settings, and refuses what cannot be used before anything is sent.
  const checkOnly = !chosenOf(settings, probes).some(({ reads }) => reads === 'ride');
  const who = await showingWho(settings.request, { originMs, startedAtMs: context.startedAtMs });
  const opening = { meter, originMs, startedAtMs: context.startedAtMs, authorization: who.authorization };
  const sampler = await openSamplerOf(settings, { ...opening, checkOnly });
  const underWay: Promise<unknown>[] = [];
  const openMore: Parameters<typeof openSampleMore>[1] = (request) =>
    openSamplerOf({ ...settings, request }, { ...opening, checkOnly: false });
  const more = openSampleMore(settings.request, openMore, context.onSample);
  const toClose: { close(): Promise<void> }[] = [more];
  const tracer = openTracer(meter, openingOf(settings));
  try {
    return await observeWith(
      settings,
      probes,
      { ...context, signal },
      { originMs, meter, sampler, more, underWay, toClose, tracer, who },
    );
  } finally {
    over.abort();
    await Promise.allSettled([...underWay, sampler.close()]);
    tracer.close();
    await Promise.allSettled(toClose.map((each) => each.close()));
  }
}

interface Opened {
  readonly originMs: number;
  readonly meter: Meter;
  readonly sampler: Sampler;
  readonly more: OpenedSampleMore;
  /** What runs beside the ride, to be waited for also when that throws. */
  readonly underWay: Promise<unknown>[];
  /** Keeps connections to resolvers, or has samples under way. */
  readonly toClose: { close(): Promise<void> }[];
  readonly tracer: Tracer;
  readonly who: ShowingWho;
}

async function observeWith(
  settings: RideSettings,
  probes: readonly AnyProbe[],
  context: ObserveContext,
  { originMs, meter, sampler, more, underWay, toClose, tracer, who }: Opened,
): Promise<Observation> {
  const { signal } = context;
  const resolvers = settings.resolvers ?? (await systemResolvers());
  const net = openWire(settings, resolvers, { ...{ originMs, meter, more, toClose, tracer, who }, ...context });
  const name = settings.target.isAddress || settings.connect.length > 0 ? null : (settings.target.host as DnsName);
  const lookUp = lookUpOf(name, net.dns);
  const first = lookUp === null ? null : relativeTo(await lookUp(signal), originMs);
  const { ridden, leftOut } = endpointsOf(settings, first);
  const chosen = chosenOf(settings, probes);
  const given = givenWith(settings, context.startedAtMs);
  const shared = { ...{ target: settings.target, endpoints: ridden, lookup: first, signal }, ...given };
  await readCode(chosen);
  const beside = gatherAll(
    chosen.filter((probe) => probe.reads === 'lookup'),
    { ...shared, ride: EMPTY },
    net,
    settings.probeOptions,
    NONE,
  );
  underWay.push(beside);
  const ridingProbes = chosen.filter((probe) => probe.reads === 'ride');
  // Nobody reads the samples: then nobody is asked for them.
  const endpoints = ridingProbes.length === 0 ? [] : ridden;
  // In no sample's time.
  if (endpoints.length > 0) await who.ready(signal, context.onNoCredentials);
  const rode = await rideWithBeside(
    ridingProbes.filter((probe) => probe.beside !== undefined && endpoints.length > 0),
    { context: { ...shared, ride: EMPTY }, net, options: settings.probeOptions, underWay },
    () => rideEndpoints(settings, context, { originMs, sampler, first, lookUp, endpoints }),
  );
  context.onRide?.(rode.ride);
  const known = withZones(ridden, await zonesBeside(ridingProbes, rode.besides));
  const early = await beside;
  const complete = !signal.aborted;
  const riding = { ...shared, endpoints: known, ride: rode.ride };
  const late =
    ridden.length === 0
      ? new Map(ridingProbes.map((probe) => [probe.id, skipped(NO_ENDPOINT)]))
      : await gatherAll(ridingProbes, riding, net, settings.probeOptions, early, rode.besides);
  const gathered = new Map([...early, ...late]);
  return {
    schema: SCHEMA,
    id: context.id,
    startedAt: new Date(context.startedAtMs).toISOString(),
    durationMs: Math.round((now() - originMs) * 1000) / 1000,
    complete,
    target: settings.target,
    vantage: context.vantage,
    budget: meter.read(),
    endpoints: known,
    hops: hopsOf(endpoints.length === 0 ? [] : known, rode.ride),
    ...recorded(probes, gathered),
    riddenWith: riddenWith({ ...settings, resolvers }, leftOut),
  };
}

/** Reading code stops the event loop for tens of milliseconds: before the first sample, or it would be told as the service's. */
async function readCode(probes: readonly AnyProbe[]): Promise<void> {
  for (const probe of probes) {
    if (probe.reads === 'lookup') await probe.gather();
    await probe.beside?.();
  }
}

/** A hello or handshake beside the ride is not waited for longer, ms. */
const HELLO_MS = 2000;
/** What is said to try packets of full size. A protocol that begins in the clear has other first words. */
function openingOf({ target, servername, request }: RideSettings): Opening | null {
  if (target.starttls !== undefined) return null;
  return target.scheme === 'https' ? tlsOpening(servername) : httpOpening(target.host, request.userAgent);
}

/** What a person gave beside the target; never a key. */
function givenWith({ identity, before, networks, request, trust }: RideSettings, startedAtMs: number) {
  const { method, headers, body } = request;
  return {
    ...{ startedAtMs, trustedRoots: trustedRoots(trust.caPem) },
    request: { method, headers, body, ...(request.credentials == null ? {} : { withCredentials: true as const }) },
    ...(identity === null ? {} : { clientCertificatePem: identity.certificatePem }),
    ...(before === undefined ? {} : { before }),
    ...(networks === undefined ? {} : { networks }),
  };
}

const EMPTY: Ride = { traces: [], lookups: [], certificates: new Map() };
const NONE: ReadonlyMap<string, Gathered> = new Map();

function openNet(
  { target, servername, timeoutMs, families, resolverCaPem = null, dns, identity, http, request }: RideSettings,
  resolvers: NonNullable<RideSettings['resolvers']>,
  meter: Meter,
): Net & { readonly dns: OpenedDnsClient } {
  const helloMs = Math.min(timeoutMs, HELLO_MS);
  const whom = { servername, starttls: target.starttls ?? null, host: target.host };
  const alike = { ...whom, alpn: ALPN[http], identity };
  const client = openDnsClient({ resolvers, timeoutMs, meter, families, caPem: resolverCaPem, ...dns });
  return {
    now,
    dns: client,
    hello: openHello({ ...whom, timeoutMs: helloMs, meter }),
    handshake: openHandshake({ ...alike, timeoutMs: helloMs, meter }),
    fetchNamed: openFetchNamed({ dns: client, families, timeoutMs, userAgent: request.userAgent, meter }),
  };
}

function relativeTo(lookup: Lookup, originMs: number): Lookup {
  return { ...lookup, startMs: lookup.startMs - originMs };
}

interface Start {
  readonly originMs: number;
  readonly sampler: Sampler;
  readonly first: Lookup | null;
  readonly lookUp: ReturnType<typeof lookUpOf>;
  readonly endpoints: readonly Endpoint[];
}

function chosenOf(settings: RideSettings, probes: readonly AnyProbe[]): readonly AnyProbe[] {
  return probes.filter(({ id }) => settings.probes.includes(id));
}

interface Shown {
  readonly authorization: Authorization | null;
}

function requestWith(request: RideSettings['request'], authorization: Authorization | null): SamplerOptions['request'] {
  return authorization === null ? request : { ...request, authorization };
}

/** @throws UsageError for settings that cannot be used */
function openSamplerOf(
  settings: RideSettings,
  { authorization, ...own }: Pick<SamplerOptions, 'meter' | 'originMs' | 'startedAtMs' | 'checkOnly'> & Shown,
): Promise<Sampler> {
  const {
    target,
    servername,
    trust,
    identity,
    request,
    http,
    timeoutMs,
    clock = DEFAULT_CLOCK,
    traceSampled = true,
  } = settings;
  return openSampler({
    tracing: { sampled: traceSampled },
    ...{ target, servername, trust, identity, http, timeoutMs, clock },
    request: requestWith(request, authorization),
    ...{ limits: LIMITS, ...own },
  });
}

type Dated = Pick<ObserveContext, 'startedAtMs' | 'onStep'>;

/** Everything that may be sent; closed with the journey. */
function openWire(
  settings: RideSettings,
  resolvers: NonNullable<RideSettings['resolvers']>,
  { originMs, startedAtMs, onStep, meter, more, toClose, tracer, who }: Omit<Opened, 'sampler' | 'underWay'> & Dated,
): Net & { readonly dns: OpenedDnsClient } {
  const wire = openNet(settings, resolvers, meter);
  const authorization = who.authorization ?? undefined;
  const { call: calls, talk } = openCallOf(settings, {
    ...{ dns: wire.dns, meter, originMs, startedAtMs },
    ...(authorization === undefined ? {} : { authorization }),
  });
  who.askBy(calls.call);
  toClose.push(wire.dns, calls, talk);
  const { trace, fullSize } = tracer;
  const wallMs = (): number => startedAtMs + now() - originMs;
  const converse = openConverse({
    ...{ ...settings, limits: LIMITS, meter, wallMs },
    request: requestWith(settings.request, who.authorization),
  });
  return {
    ...wire,
    trace,
    fullSize,
    sample: more.sample,
    sampleWith: more.sampleWith,
    call: calls.call,
    talk: talk.talk,
    ...(onStep === undefined ? {} : { onStep }),
    converse,
  };
}

function openCallOf(
  { target, servername, trust, identity, request, http, timeoutMs, families, traceSampled = true }: RideSettings,
  own: Pick<CallOptions, 'dns' | 'meter' | 'originMs' | 'startedAtMs' | 'authorization'>,
): { readonly call: OpenedCall; readonly talk: OpenedTalk } {
  const { userAgent, traced = [] } = request;
  const alike = { target, servername, trust, identity, http, timeoutMs, families };
  const tracing = { headers: traced, sampled: traceSampled };
  const opening = { ...alike, userAgent, headerBytes: LIMITS.headerBytes, tracing, ...own };
  return { call: openCall(opening), talk: openTalk(opening) };
}

async function rideEndpoints(settings: RideSettings, context: ObserveContext, start: Start): Promise<Ride> {
  const { originMs, sampler, first, lookUp, endpoints } = start;
  const { signal, onProgress } = context;
  const schedule = { samples: settings.samples, rate: settings.rate, originMs };
  try {
    return await ride({ endpoints, sampler, schedule, first, lookUp, signal, onProgress });
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
function riddenWith(
  settings: RideSettings & { readonly resolvers: NonNullable<RideSettings['resolvers']> },
  endpointsLeftOut: number,
): Observation['riddenWith'] {
  return {
    samples: settings.samples,
    rate: settings.rate,
    timeoutMs: settings.timeoutMs,
    deadlineMs: settings.deadlineMs,
    resolvers: settings.resolvers.map(formatServer),
    families: settings.families,
    ...(settings.dns === undefined ? {} : { dnsMixedCase: settings.dns.mixedCase, dnsPadding: settings.dns.padding }),
    http: settings.http,
    clock: settings.clock ?? DEFAULT_CLOCK,
    servername: settings.servername,
    method: settings.request.method,
    headerNames: [
      ...settings.request.headers.map(([name]) => name),
      ...(settings.request.credentials === undefined ? [] : fieldNames(settings.request.credentials)),
    ],
    ...(settings.request.traced === undefined ? {} : { traceHeaders: settings.request.traced }),
    ...(settings.traceSampled === undefined ? {} : { traceSampled: settings.traceSampled }),
    trust: settings.trust.source,
    insecure: settings.trust.insecure,
    endpointsLeftOut,
  };
}
