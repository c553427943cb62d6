// Owns waits that look like a time-out on the way: failures after the same wait, successes late by the same time or by multiples of it. Pure.
import type { RequestTrace } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import { closenessChance } from '../../src/stats/spread.ts';
import type { TimeOutRecord } from './evidence.ts';

/** From fewer nothing is concluded. */
const LEAST = 3;
/** Time-outs are longer than what a busy host takes now and then. */
const LEAST_EXTRA_MS = 100;
const MOST_CHANCE = 0.001;
/** A time-out is the same each time: waits lie this close together, against its length, or within what a busy machine adds. */
const MOST_SPREAD = 0.1;
const JITTER_MS = 50;
/** More tries than this nobody waits for. */
const MOST_STEPS = 5;

/** Failures at once come later than this only where something was waited for. */
const LEAST_FAILED_MS = 500;

export function isFailure(status: number): boolean {
  return status >= 500;
}

/** By which a proxy says that what is behind it did not answer, or not in time: RFC 9110 15.6.3 to 15.6.5, and Cloudflare's own. */
function isOfGateway(status: number): boolean {
  return (status >= 502 && status <= 504) || (status >= 520 && status <= 527);
}

interface Waits {
  readonly failed: readonly number[];
  readonly succeeded: readonly number[];
  /** Answers of any status. */
  readonly all: number;
  /** One round trip is in every wait, 0 where the kernel did not tell. */
  readonly rttMs: number;
}

function waitsOf(traces: readonly RequestTrace[]): Waits {
  const timed = traces.flatMap(({ http, problem, spans: { wait } }) => {
    // A packet that was sent again is late by a time-out of ours.
    const isOurs = wait === undefined || (wait.retransmits ?? 0) > 0;
    return http === null || isOurs || problem !== null ? [] : [{ status: http.status, ms: wait.durationMs }];
  });
  const sorted = timed.toSorted((a, b) => a.ms - b.ms);
  return {
    all: sorted.length,
    failed: sorted.filter(({ status }) => isOfGateway(status)).map(({ ms }) => ms),
    succeeded: sorted.filter(({ status }) => !isFailure(status)).map(({ ms }) => ms),
    rttMs: median(traces.flatMap(({ tcp }) => tcp?.rttMs ?? []).toSorted((a, b) => a - b)),
  };
}

export function timeOutsOf(traces: readonly RequestTrace[]): TimeOutRecord[] {
  const waits = waitsOf(traces);
  return [failuresAfterOne(waits), successesAfterOne(waits)].flatMap((found) => found ?? []);
}

/** Where a sorted list falls apart most: the index of the first value behind the widest gap. 0 when there is none. */
function widestGap(sorted: readonly number[]): number {
  const gap = (at: number): number => (at === 0 ? 0 : (sorted[at] ?? 0) - (sorted[at - 1] ?? 0));
  let widest = 0;
  for (let at = 1; at < sorted.length; at++) if (gap(at) > gap(widest)) widest = at;
  return widest;
}

function median(sorted: readonly number[]): number {
  return sorted.length === 0 ? 0 : quantile(sorted, 0.5);
}

/** The slow ones among the failures, if they all came after the same wait. */
function failuresAfterOne({ failed, succeeded, all, rttMs }: Waits): TimeOutRecord | null {
  const usualMs = Math.max(rttMs, median(succeeded));
  const from = failed.findIndex((ms) => ms >= 3 * usualMs && ms >= usualMs + LEAST_FAILED_MS);
  const slow = from < 0 ? [] : failed.slice(from);
  const [first, last] = [slow[0], slow.at(-1)];
  if (first === undefined || last === undefined || slow.length < LEAST) return null;
  const waitMs = median(slow);
  const chance = closenessChance(slow.length, last - first, last);
  if (chance > MOST_CHANCE || last - first > tolerance(waitMs)) return null;
  return {
    ...{ after: 'failed', answers: slow.length, of: all },
    ...{ waitMs: rounded(waitMs), extraMs: rounded(waitMs - usualMs), spreadMs: rounded(last - first) },
    ...{ steps: 1, chance },
  };
}

function tolerance(ms: number): number {
  return Math.max(JITTER_MS, MOST_SPREAD * ms);
}

/** Successes in two groups with a gap between, the late ones a whole number of times the same time later. */
function successesAfterOne({ succeeded }: Waits): TimeOutRecord | null {
  const from = widestGap(succeeded);
  const [usual, late] = [succeeded.slice(0, from), succeeded.slice(from)];
  const usualMs = median(usual);
  const [first = 0] = late;
  if (late.length < LEAST || usual.length < LEAST || usual.length * 2 < late.length || first < 3 * (usual.at(-1) ?? 0))
    return null;
  const extras = late.map((ms) => ms - usualMs);
  if ((extras[0] ?? 0) < LEAST_EXTRA_MS) return null;
  const folded = bestFold(extras, first - (usual.at(-1) ?? 0));
  if (folded === null) return null;
  return {
    ...{ after: 'late', answers: late.length, of: succeeded.length },
    ...{ waitMs: rounded(median(late)), extraMs: rounded(folded.stepMs), spreadMs: rounded(folded.spreadMs) },
    ...{ steps: folded.steps, chance: folded.chance },
  };
}

interface Fold {
  readonly stepMs: number;
  readonly steps: number;
  readonly spreadMs: number;
  readonly chance: number;
}

/** The length of a step is taken from the first group of the late ones; what is left over must be nearly the same for all. */
function bestFold(extras: readonly number[], gapMs: number): Fold | null {
  const nearest = extras.filter((ms) => ms <= (extras[0] ?? 0) + tolerance(extras[0] ?? 0));
  const stepMs = median(nearest);
  const numbers = extras.map((ms) => Math.round(ms / stepMs));
  const rest = extras.map((ms, at) => ms - (numbers[at] ?? 1) * stepMs).toSorted((a, b) => a - b);
  const spreadMs = (rest.at(-1) ?? 0) - (rest[0] ?? 0);
  const steps = numbers.at(-1) ?? 1;
  if (steps > MOST_STEPS || spreadMs > tolerance(stepMs)) return null;
  // Drawn evenly they could lie anywhere in the gap and behind it, or with several steps anywhere in one. The step was taken from them.
  const width = steps === 1 ? gapMs + spreadMs : stepMs;
  const chance = Math.min(1, closenessChance(extras.length, spreadMs, width) * (steps === 1 ? 1 : extras.length));
  return chance > MOST_CHANCE ? null : { stepMs, steps, spreadMs, chance };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
