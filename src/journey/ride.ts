// Owns the ride: every endpoint sampled N times on a fixed schedule, side by side. Judges nothing.
// Open loop: a sample starts when it is due, whether or not the one before has ended, so that a slow endpoint is not
// sampled less while it is slow (coordinated omission), and an endpoint that is down holds up nobody.
import type { Endpoint } from '../model/target.ts';
import type { DnsName, EndpointId } from '../model/text.ts';
import type { Fingerprint, Lookup, RequestTrace, Ride, Span, StartFacts } from '../model/trace.ts';
import { now } from '../net/clock.ts';
import type { Sampler } from '../net/sample/sampler.ts';
import { gate, LEAST_APART_MS, roundMs, Starts, sleepUntil } from './pace.ts';
import { MAX_IN_FLIGHT } from './settings.ts';

export interface Schedule {
  readonly samples: number;
  /** Per endpoint and second, at most. */
  readonly rate: number;
  /** `now()` when the journey began; spans are relative to it. */
  readonly originMs: number;
}

export interface Progress {
  readonly endpoint: Endpoint;
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

/** Asked once a round, so that answers that change while we ride are seen. */
export type LookUp = (signal: AbortSignal) => Promise<Lookup>;

export interface RideInput {
  readonly endpoints: readonly Endpoint[];
  readonly sampler: Sampler;
  readonly schedule: Schedule;
  readonly first: Lookup | null;
  /** Null when there is no name to look up. */
  readonly lookUp: LookUp | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Rides all endpoints; resolves when every sample has ended or the signal aborted. What was under way then is kept as `cancelled`:
 * the slow ones are the likeliest to be cut, and a ride without them would look faster than it was. What had not begun is not.
 */
export async function ride(input: RideInput): Promise<Ride> {
  const { endpoints, schedule } = input;
  const clock = { beginMs: now(), everyMs: roundMs(schedule.rate, endpoints.length) };
  const traces: RequestTrace[] = [];
  const certificates = new Map<Fingerprint, Uint8Array>();
  const staples = new Map<Fingerprint, Uint8Array>();
  const lookups: (Lookup | null)[] = input.first === null ? [] : [input.first];
  let failed = 0;
  const sampleOnce = async (endpoint: Endpoint, round: number): Promise<void> => {
    const sampleMs = now();
    const sample = await input.sampler.sample(endpoint, round, input.signal);
    for (const [fingerprint, der] of sample.certificates) certificates.set(fingerprint, der);
    if (sample.staple !== null) staples.set(sample.staple.fingerprint, sample.staple.der);
    if (sample.trace.problem?.code === 'cancelled') {
      traces.push({ ...sample.trace, cutAfterMs: now() - sampleMs });
      return;
    }
    traces.push(sample.trace);
    if (sample.trace.problem !== null) failed++;
    input.onProgress({ endpoint, done: traces.length, failed, total: endpoints.length * schedule.samples });
  };
  const [ofEndpoints, ofLookups] = await Promise.all([
    startInTurn(endpoints, clock, input, sampleOnce),
    endpoints.length > 0 && input.lookUp !== null ? lookUpEachRound(input, input.lookUp, clock, lookups) : null,
  ]);
  traces.sort((a, b) => a.startMs - b.startMs);
  return {
    traces: traces.map((trace) => withResolve(trace, lookups[trace.sequence])),
    lookups: lookups.filter((lookup) => lookup !== null && lookup !== undefined),
    starts: new Map([...ofEndpoints, ...(ofLookups === null ? [] : [[null, ofLookups] as const])]),
    certificates,
    staples,
  };
}

/** `now()` as the first is due, and from one round to the next. */
interface Clock {
  readonly beginMs: number;
  readonly everyMs: number;
}

/**
 * Starts each endpoint in turn, evenly over each round, each start at its due time or soon after it. One that finds no place free is
 * left out and counted: later it would be one of a burst, and its latency that of our own bound.
 */
async function startInTurn(
  endpoints: readonly Endpoint[],
  { beginMs, everyMs }: Clock,
  { schedule, signal }: RideInput,
  sampleOnce: (endpoint: Endpoint, round: number) => Promise<void>,
): Promise<readonly (readonly [EndpointId, StartFacts])[]> {
  const all = endpoints.map((endpoint) => ({ endpoint, places: gate(MAX_IN_FLIGHT), starts: new Starts(everyMs) }));
  let earliestMs = beginMs;
  try {
    for (let round = 0; round < schedule.samples; round++) {
      for (const [position, { endpoint, places, starts }] of all.entries()) {
        const dueMs = beginMs + (round + position / all.length) * everyMs;
        await sleepUntil(Math.max(dueMs, earliestMs, starts.earliestMs), signal);
        if (signal.aborted) return all.map((one) => [one.endpoint.id, one.starts.facts()]);
        const atMs = now();
        if (starts.isTooLate(dueMs, atMs) || !places.start(() => sampleOnce(endpoint, round))) starts.skipped++;
        else {
          const begunMs = now();
          starts.began(dueMs, begunMs);
          earliestMs = begunMs + LEAST_APART_MS;
        }
      }
    }
  } finally {
    await Promise.all(all.map(({ places }) => places.settled()));
  }
  return all.map(({ endpoint, starts }) => [endpoint.id, starts.facts()]);
}

/** Round 0 is the lookup that the ride began with; the others are asked at the same pace as the samples. */
async function lookUpEachRound(
  input: RideInput,
  lookUp: LookUp,
  { beginMs, everyMs }: Clock,
  lookups: (Lookup | null)[],
): Promise<StartFacts> {
  const places = gate(MAX_IN_FLIGHT);
  const starts = new Starts(everyMs);
  for (let round = 1; round < input.schedule.samples; round++) {
    const dueMs = beginMs + round * everyMs;
    await sleepUntil(Math.max(dueMs, starts.earliestMs), input.signal);
    if (input.signal.aborted) break;
    const atMs = now();
    lookups[round] = null;
    const ask = async (): Promise<void> => {
      const lookup = await lookUp(input.signal);
      lookups[round] = { ...lookup, startMs: lookup.startMs - input.schedule.originMs };
    };
    if (starts.isTooLate(dueMs, atMs) || !places.start(ask)) starts.skipped++;
    else starts.began(dueMs, atMs);
  }
  await places.settled();
  return starts.facts();
}

function withResolve(trace: RequestTrace, lookup: Lookup | null | undefined): RequestTrace {
  if (lookup === null || lookup === undefined || lookup.problem !== null) return trace;
  const resolve: Span = { startMs: lookup.startMs, durationMs: lookup.durationMs, clock: 'loop' };
  return { ...trace, spans: { resolve, ...trace.spans } };
}

/** A look-up function for a name, or null for an address. */
export function lookUpOf(
  name: DnsName | null,
  client: { lookup(name: DnsName, signal: AbortSignal): Promise<Lookup> },
): LookUp | null {
  return name === null ? null : (signal) => client.lookup(name, signal);
}
