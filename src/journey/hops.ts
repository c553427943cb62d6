// Owns the step from traces to hops: for each endpoint and phase, how many began it, failed in it, and how long it took.
import type { Hop, LatencySummary } from '../model/latency.ts';
import type { Problem, ProblemCode } from '../model/problem.ts';
import type { Endpoint } from '../model/target.ts';
import { type HopId, hopIds, type RequestTrace, type Ride, type Span, type StartFacts } from '../model/trace.ts';
import { summarize } from '../stats/latency.ts';

/** The hop of the lookups first, then each endpoint's hops in riding order. */
export function hopsOf(endpoints: readonly Endpoint[], ride: Ride): readonly Hop[] {
  const resolve = ride.lookups.length === 0 ? [] : [resolveHop(ride)];
  return [...resolve, ...endpoints.flatMap((endpoint) => endpointHops(endpoint, ride))];
}

function tracesOf(ride: Ride, endpoint: Endpoint): readonly RequestTrace[] {
  return ride.traces.filter((trace) => trace.endpoint === endpoint.id);
}

function resolveHop({ lookups, starts }: Ride): Hop {
  const answered = lookups.filter((lookup) => lookup.problem === null);
  return {
    id: 'resolve',
    endpoint: null,
    zone: null,
    attempts: lookups.length,
    ...startsOf(starts?.get(null)),
    ...failuresOf(lookups.flatMap((lookup) => lookup.problem ?? [])),
    ...cutOf(lookups.flatMap(({ problem, durationMs }) => (problem?.code === 'cancelled' ? [durationMs] : []))),
    clock: 'loop',
    latencyMs: summary(answered.map((lookup) => lookup.durationMs)),
  };
}

function endpointHops(endpoint: Endpoint, ride: Ride): readonly Hop[] {
  const traces = tracesOf(ride, endpoint);
  const phases = hopIds.filter((id) => id !== 'resolve');
  return phases.flatMap((id) => {
    const began = traces.filter((trace) => hasBegun(trace, id));
    return began.length === 0
      ? []
      : [phaseHop(endpoint, id, began, id === 'total' ? ride.starts?.get(endpoint.id) : undefined)];
  });
}

function hasBegun(trace: RequestTrace, id: HopId): boolean {
  return id === 'total' || trace.spans[id] !== undefined || trace.problem?.step === id;
}

function phaseHop(endpoint: Endpoint, id: HopId, began: readonly RequestTrace[], starts?: StartFacts): Hop {
  const problems = began.flatMap(({ problem }) => (endsIn(problem, id) ? (problem ?? []) : []));
  const spans = began
    .filter(({ problem }) => !endsIn(problem, id))
    .map((trace) => trace.spans[id])
    .filter((span) => span !== undefined);
  return {
    id,
    endpoint: endpoint.id,
    zone: endpoint.zone,
    attempts: began.length,
    ...startsOf(starts),
    ...failuresOf(problems),
    ...cutOf(began.flatMap(({ problem, cutAfterMs }) => (endsIn(problem, id) ? (cutAfterMs ?? []) : []))),
    clock: spans.length > 0 && spans.every((span) => span.clock === 'kernel') ? 'kernel' : 'loop',
    ...precisionOf(spans),
    latencyMs: summary(spans.map((span) => span.durationMs)),
  };
}

function startsOf({ skipped, startedLateMs }: StartFacts = {}): StartFacts {
  return {
    ...(skipped === undefined ? {} : { skipped }),
    ...(startedLateMs === undefined ? {} : { startedLateMs: toMicroseconds(startedLateMs) }),
  };
}

function precisionOf(spans: readonly Span[]): Pick<Hop, 'uncertaintyMs' | 'retransmits'> {
  const known = spans.flatMap(({ uncertaintyMs }) => uncertaintyMs ?? []);
  const retransmits = spans.reduce((sum, span) => sum + (span.retransmits ?? 0), 0);
  return {
    ...(known.length === 0 || known.length < spans.length ? {} : { uncertaintyMs: toMicroseconds(Math.max(...known)) }),
    ...(retransmits === 0 ? {} : { retransmits }),
  };
}

function endsIn(problem: Problem | null, id: HopId): boolean {
  return problem !== null && (id === 'total' || problem.step === id);
}

function cutOf(waitsMs: readonly number[]): Pick<Hop, 'cutAfterMs'> {
  return waitsMs.length === 0 ? {} : { cutAfterMs: toMicroseconds(Math.max(...waitsMs)) };
}

function failuresOf(problems: readonly Problem[]): Pick<Hop, 'failures' | 'errors'> {
  const errors: Partial<Record<ProblemCode, number>> = {};
  for (const { code } of problems) errors[code] = (errors[code] ?? 0) + 1;
  return { failures: problems.length, errors };
}

/** To the microsecond: finer digits are noise and triple the size of the document. */
function summary(samples: readonly number[]): LatencySummary | null {
  return samples.length === 0 ? null : rounded(summarize(samples.map(toMicroseconds)));
}

function rounded(latency: LatencySummary): LatencySummary {
  return {
    ...latency,
    mean: toMicroseconds(latency.mean),
    stddev: latency.stddev === null ? null : toMicroseconds(latency.stddev),
  };
}

function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
