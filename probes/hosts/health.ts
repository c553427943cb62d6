// Owns what waits and failures show of hosts that are ill and still get traffic. Pure; the thresholds of findings are policy's.
import { textKey, type WireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { holm } from '../../src/stats/counts.ts';
import { quantile } from '../../src/stats/quantile.ts';
import { hodgesLehmann, mannWhitney } from '../../src/stats/ranks.ts';
import type { EndpointHosts, SlowerHost } from './evidence.ts';

/** The least that bounds a median with 95 % confidence. */
const LEAST_ANSWERS = 6;
const CHANCE = 0.01;
/** Of many answers the first: ranking more takes time and says nothing more. */
const MOST_ANSWERS = 2000;

export interface Answer {
  readonly trace: RequestTrace;
  readonly identity: WireText | null;
}

export function failed({ http, problem }: RequestTrace): boolean {
  return problem !== null || http === null || http.status >= 500;
}

function waitOf({ trace }: Answer): readonly number[] {
  return failed(trace) || trace.spans.wait === undefined ? [] : [trace.spans.wait.durationMs];
}

/** Each host against all the others behind the endpoint. */
export function slowerHosts(answers: readonly Answer[]): SlowerHost[] {
  const known = answers.filter(({ identity }) => identity !== null).slice(0, MOST_ANSWERS);
  const groups = [...Map.groupBy(known, ({ identity }) => (identity === null ? null : textKey(identity))).values()];
  const compared = groups.flatMap((group) => {
    const identity = group[0]?.identity ?? null;
    const own = group.flatMap(waitOf);
    if (identity === null || own.length < LEAST_ANSWERS) return [];
    const others = groups.filter((other) => other !== group).flatMap((other) => other.flatMap(waitOf));
    if (others.length < LEAST_ANSWERS) return [];
    return [{ identity, own, others, chance: mannWhitney(own, others).chance }];
  });
  const chances = holm(compared.map(({ chance }) => chance));
  return compared.flatMap(({ identity, own, others }, at): SlowerHost[] => {
    const chance = chances[at] ?? 1;
    const shift = chance <= CHANCE ? hodgesLehmann(own, others) : null;
    if (shift === null || shift.shift <= 0 || shift.interval === null) return [];
    const [low, high] = shift.interval;
    return [
      {
        ...{ identity, answers: own.length, chance, shiftMs: rounded(shift.shift) },
        shiftInterval: [rounded(low), rounded(high)],
        ...{ waitP50Ms: rounded(medianOf(own)), othersP50Ms: rounded(medianOf(others)) },
      },
    ];
  });
}

function medianOf(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

const LEAST_FAILURES = 3;
/** A pattern that chance would show more often than this is none. */
const PATTERN_CHANCE = 0.001;

/** @param isFailed by sequence number of the ride; null where nothing is known */
export function failurePeriod(isFailed: readonly (boolean | null)[]): EndpointHosts['failurePeriod'] {
  const at = [...isFailed.entries()].filter(([, each]) => each === true).map(([index]) => index);
  const [first, second] = at;
  if (at.length < LEAST_FAILURES || first === undefined || second === undefined) return null;
  const period = second - first;
  const known = isFailed.filter((each) => each !== null).length;
  const fits = isFailed.every((each, index) => each === null || each === ((index - first) % period === 0));
  if (period < 2 || !fits) return null;
  // As many failures in any places, against those places that are a period.
  const chance = Math.min(1, Math.exp(-logChoose(known, at.length)) * patternsOf(isFailed.length, at.length));
  return chance <= PATTERN_CHANCE ? { period, failures: at.length, chance } : null;
}

/** Periods and starts that make exactly so many failures. */
function patternsOf(requests: number, failures: number): number {
  let patterns = 0;
  for (let period = 2; period <= requests / (failures - 1); period++) {
    for (let start = 0; start < period; start++) if (Math.ceil((requests - start) / period) === failures) patterns++;
  }
  return patterns;
}

function logChoose(of: number, many: number): number {
  let sum = 0;
  for (let step = 1; step <= many; step++) sum += Math.log(of - many + step) - Math.log(step);
  return sum;
}

const LEAST_LATE = 3;
const LEAST_LATE_SHARE = 0.05;
/** Time-outs of a first try are longer than what a busy host takes now and then. */
const LEAST_EXTRA_MS = 100;
/** A time-out is the same each time: late answers lie this close together, against how late they are. */
const MOST_SPREAD = 0.25;

/** Successful answers in two groups, with a gap between them that is nearly the same for each of the late ones. */
export function lateAnswers(answers: readonly Answer[]): EndpointHosts['late'] {
  const timed = answers
    .flatMap((answer) => waitOf(answer).map((waitMs) => ({ waitMs, identity: answer.identity })))
    .toSorted((a, b) => a.waitMs - b.waitMs);
  let from = 0;
  for (let at = 1; at < timed.length; at++) if (gapAt(timed, at) > gapAt(timed, from)) from = at;
  const late = timed.slice(from);
  const usual = timed.slice(0, from).map(({ waitMs }) => waitMs);
  const [first, last] = [late[0]?.waitMs, late.at(-1)?.waitMs];
  if (first === undefined || last === undefined || late.length < LEAST_LATE || usual.length < late.length) return null;
  const extraMs = medianOf(late.map(({ waitMs }) => waitMs)) - medianOf(usual);
  const [spreadMs, usualMs] = [last - first, usual.at(-1) ?? 0];
  const isApart = extraMs >= LEAST_EXTRA_MS && first >= 3 * usualMs && spreadMs <= MOST_SPREAD * extraMs;
  if (!isApart || late.length < LEAST_LATE_SHARE * timed.length || isOneHost(late)) return null;
  return { answers: late.length, of: timed.length, extraMs: rounded(extraMs), spreadMs: rounded(spreadMs) };
}

function gapAt(timed: readonly { readonly waitMs: number }[], at: number): number {
  return at === 0 ? 0 : (timed[at]?.waitMs ?? 0) - (timed[at - 1]?.waitMs ?? 0);
}

/** Then it is the host that is slow. */
function isOneHost(late: readonly { readonly identity: WireText | null }[]): boolean {
  const names = new Set(late.map(({ identity }) => (identity === null ? null : textKey(identity))));
  return names.size === 1 && !names.has(null);
}
