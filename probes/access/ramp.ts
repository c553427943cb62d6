// Owns the pace at which a rate limit is looked for: requests that come faster and faster until one is turned away, and what that tells.
// Knows no network: who asks hands over a clock, a way to wait and a way to send.

import type { RampPlan } from '../../src/model/ramp-plan.ts';

/** `fine`: as in the ride. `throttled`: turned away. `changed`: a refusal that the ride did not meet. `failed`: no answer. */
export type Came = 'fine' | 'throttled' | 'changed' | 'failed';

export interface Sent<A> {
  readonly answer: A;
  readonly came: Came;
  readonly waitMs: number | null;
  /** When it was written, by the same clock; null where nobody says, and then it is when it was to be. */
  readonly writtenMs: number | null;
}

export interface Pacing<A> {
  now(): number;
  /** Resolves at that time, or at once when it is over. */
  until(atMs: number): Promise<void>;
  /** Never rejects. */
  send(): Promise<Sent<A>>;
  readonly signal: AbortSignal;
}

/** Failures one after the other that are more than an accident. */
const MOST_FAILURES = 3;
/** Unanswered at once: past them the service queues, and a faster pace tells no more. */
const MOST_WAITING = 256;
/** Of two requests the second does not follow sooner than this part of the pause that is due, however late the first was. */
const LEAST_GAP = 0.97;
/** Requests under way when one was turned away: an earlier one may be about to be. */
const SETTLE_MS = 1000;
/** Pauses that the pace is told by. */
const RECENT = 16;
/** What was asked before may still fill a bucket. */
const QUIET_MS = 1500;

interface Request<A> {
  readonly atMs: number;
  /** Others that had no answer when it was sent. */
  readonly waiting: number;
  result: Sent<A> | null;
}

export interface Turned<A> {
  readonly answer: A;
  readonly came: 'throttled' | 'changed';
  /** 1 for the first request. */
  readonly position: number;
  /** When each was sent, up to it, ms. */
  readonly timesMs: readonly number[];
  readonly waiting: number;
  /** Requests sent in the last 1, 10 and 60 s up to it. */
  readonly lastSecond: number;
  readonly lastTenSeconds: number;
  readonly lastMinute: number;
}

export interface Ridden<A> {
  readonly end: 'throttled' | 'changed' | 'max' | 'failing' | 'waiting' | 'cut';
  readonly sent: number;
  readonly answered: number;
  readonly elapsedMs: number;
  /** The pace of the last requests. */
  readonly reachedPerSecond: number;
  readonly turned: Turned<A> | null;
  /** Median waits of the first and last ten that were answered as in the ride. */
  readonly waitBeginMs: number | null;
  readonly waitEndMs: number | null;
}

/** Goes through the range until a request is turned away, or something else ends it. */
export async function rampUp<A>(plan: RampPlan, pacing: Pacing<A>): Promise<Ridden<A>> {
  const beganMs = pacing.now() + QUIET_MS;
  const requests: Request<A>[] = [];
  const running = new Set<Promise<unknown>>();
  let end: Ridden<A>['end'] = 'max';
  let dueMs = beganMs;
  while (requests.length < plan.mostRequests) {
    await pacing.until(dueMs);
    const stop = stopOf(requests, running.size, pacing.signal);
    if (stop !== null) {
      end = stop;
      break;
    }
    const atMs = pacing.now();
    const pace = rateAt(plan, atMs - beganMs);
    if (pace > plan.toPerSecond) break;
    const request: Request<A> = { atMs, waiting: running.size, result: null };
    requests.push(request);
    const sending = pacing.send().then((result) => {
      request.result = result;
      running.delete(sending);
    });
    running.add(sending);
    dueMs = Math.max(dueMs + 1000 / pace, atMs + (LEAST_GAP * 1000) / pace);
  }
  await Promise.race([Promise.allSettled(running), pacing.until(pacing.now() + SETTLE_MS)]);
  const late = stopOf(requests, 0, pacing.signal);
  return ridden(requests, late === 'throttled' || late === 'changed' ? late : end, pacing.now() - beganMs);
}

function rateAt({ fromPerSecond, growth }: RampPlan, elapsedMs: number): number {
  return fromPerSecond * Math.exp((growth * elapsedMs) / 1000);
}

function stopOf<A>(requests: readonly Request<A>[], waiting: number, signal: AbortSignal): Ridden<A>['end'] | null {
  const came = requests.flatMap(({ result }) => result?.came ?? []);
  if (came.includes('throttled')) return 'throttled';
  if (came.includes('changed')) return 'changed';
  if (signal.aborted) return 'cut';
  const last = came.slice(-MOST_FAILURES);
  if (last.length === MOST_FAILURES && last.every((one) => one === 'failed')) return 'failing';
  return waiting >= MOST_WAITING ? 'waiting' : null;
}

function ridden<A>(requests: readonly Request<A>[], end: Ridden<A>['end'], elapsedMs: number): Ridden<A> {
  const at = requests.findIndex(({ result }) => result?.came === 'throttled' || result?.came === 'changed');
  const waits = requests.flatMap(({ result }) => (result?.came === 'fine' ? (result.waitMs ?? []) : []));
  return {
    ...{ end, sent: requests.length, elapsedMs },
    answered: requests.filter(({ result }) => result !== null && result.came !== 'failed').length,
    reachedPerSecond: paceAt(requests, requests.length - 1),
    turned: at < 0 ? null : turnedAt(requests, at),
    waitBeginMs: median(waits.slice(0, 10)),
    waitEndMs: median(waits.slice(-10)),
  };
}

function turnedAt<A>(requests: readonly Request<A>[], at: number): Turned<A> | null {
  const { result, atMs, waiting } = requests[at] as Request<A>;
  if (result === null || (result.came !== 'throttled' && result.came !== 'changed')) return null;
  const within = (ms: number): number => requests.slice(0, at + 1).filter((each) => each.atMs > atMs - ms).length;
  return {
    ...{ answer: result.answer, came: result.came, position: at + 1, waiting },
    timesMs: requests
      .slice(0, at + 1)
      .map(({ atMs: dueMs, result: own }) => own?.writtenMs ?? dueMs)
      .toSorted((a, b) => a - b),
    ...{ lastSecond: within(1000), lastTenSeconds: within(10_000), lastMinute: within(60_000) },
  };
}

/** Of the requests as they were sent, not as they were meant to be. */
function paceAt<A>(requests: readonly Request<A>[], at: number): number {
  const first = Math.max(0, at - RECENT);
  const [from, to] = [requests[first], requests[at]];
  if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
  return ((at - first) * 1000) / (to.atMs - from.atMs);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** Bursts that limiters let through, as seconds of their rate: what is likely, and what is as much as is usual. */
const LIKELY_BURST_SECONDS = 0.125;
const LARGE_BURST_SECONDS = 1;
const HALVINGS = 30;

export interface LimitEstimate {
  readonly likely: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The rate of the limiter, from the times of the requests up to the one that it turned away: the largest at which a leaky bucket would have turned one
 * away by then. How large its bucket is cannot be seen; with a large one the rate was passed the longer ago.
 */
export function estimateOf(timesMs: readonly number[]): LimitEstimate {
  const [likely, low, high] = [LIKELY_BURST_SECONDS, LARGE_BURST_SECONDS, 0].map((burst) => largest(timesMs, burst));
  return { likely: likely ?? 0, low: low ?? 0, high: high ?? 0 };
}

function largest(timesMs: readonly number[], burstSeconds: number): number {
  let [low, high] = [0, 10_000];
  for (let turn = 0; turn < HALVINGS; turn++) {
    const middle = (low + high) / 2;
    if (turnsAway(timesMs, middle, burstSeconds * middle)) low = middle;
    else high = middle;
  }
  return low;
}

function turnsAway(timesMs: readonly number[], perSecond: number, burst: number): boolean {
  let excess = 0;
  for (const [at, ms] of timesMs.entries()) {
    const leaked = ((ms - (timesMs[at - 1] ?? ms)) * perSecond) / 1000;
    excess = at === 0 ? 0 : Math.max(0, excess - leaked + 1);
    // A thousandth: a pause of just the right length is no excess.
    if (excess > burst + 0.001) return true;
  }
  return false;
}
