// Owns looking for the rate at which callers are turned away, where that was asked for: one endpoint, the ride's own request, ever faster,
// on kept connections. Bounded in rate, number and time; the first refusal ends it. Judges nothing.
import { setImmediate as soon } from 'node:timers/promises';
import type { Call, CallRecord, KeptConnection } from '../../src/contract/call.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { fieldValue } from '../../src/model/fields.ts';
import { retryAfterSeconds } from '../../src/model/http-date.ts';
import { paused } from '../../src/model/paused.ts';
import { rampPlan } from '../../src/model/ramp-plan.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import { askable } from './askable.ts';
import type { FoundLimit, Refusal } from './evidence.ts';
import type { AccessOptions } from './options.ts';
import { type Came, estimateOf, type Ridden, rampUp, type Sent } from './ramp.ts';
import { rateLimitOf } from './rate-limit.ts';

/** Of one answer; where it is longer the connection is not used again. */
const BODY_BYTES = 65_536;
/** Of a refusal, for the report. */
const TEXT_LENGTH = 200;
/** Timers wake this late and more, ms: the rest is waited for in the event loop. */
const TIMER_MS = 2;

/** Null where it was not asked for, or nobody answered who could be asked. */
export async function findLimit(context: GatherContext<AccessOptions>): Promise<FoundLimit | null> {
  const { options, net, signal } = context;
  const endpoint = askable(context);
  if (options.findLimit === null || net.call === undefined || endpoint === undefined || signal.aborted) return null;
  const plan = rampPlan(options.findLimit);
  const asking = openAsking(context, endpoint, net.call);
  try {
    const ridden = await rampUp(plan, {
      now: () => net.now(),
      until: (atMs) => until(atMs, context),
      signal,
      ...asking,
    });
    return recordOf(ridden, plan, endpoint, context);
  } finally {
    asking.close();
  }
}

/** More exact than a timer, which a pace of 100 a second would be 10 % wrong by. */
async function until(atMs: number, { net, signal }: GatherContext<AccessOptions>): Promise<void> {
  const leftMs = atMs - net.now();
  if (leftMs > TIMER_MS) await paused(leftMs - TIMER_MS, signal);
  while (net.now() < atMs && !signal.aborted) await soon();
}

type Answer = CallRecord;

function openAsking(
  { target, request, ride, net, signal }: GatherContext<AccessOptions>,
  endpoint: Endpoint,
  call: Call,
) {
  const idle: KeptConnection[] = [];
  const known = new Set(ride.traces.flatMap(({ http }) => http?.status ?? []));
  const asked = {
    ...{ url: target.url, method: request?.method ?? 'GET', headers: request?.headers ?? [], body: null, endpoint },
    ...{ maxBodyBytes: BODY_BYTES, reach: 'any' as const, keep: true as const, credentials: true as const },
  };
  return {
    async send(): Promise<Sent<Answer>> {
      const connection = usable(idle);
      const calledMs = net.now();
      const answer = await call({ ...asked, connection }, signal);
      if (answer.connection !== null) idle.push(answer.connection);
      const { wait } = answer.spans;
      // Spans count from the ride's start, and so does startMs: the difference is what went by before it was written.
      const writtenMs = wait === undefined ? null : calledMs + wait.startMs - answer.startMs;
      return { answer, came: cameOf(answer.http, known), waitMs: wait?.durationMs ?? null, writtenMs };
    },
    close(): void {
      for (const connection of idle) connection.close();
    },
  };
}

/** The one used last: those of the time when answers were slower are left to their server to close. */
function usable(idle: KeptConnection[]): KeptConnection | null {
  for (let next = idle.pop(); next !== undefined; next = idle.pop()) if (next.isUsable()) return next;
  return null;
}

function cameOf(http: HttpFacts | null, known: ReadonlySet<number>): Came {
  if (http === null) return 'failed';
  if (http.status === 429 || http.status === 503) return 'throttled';
  return http.status >= 400 && !known.has(http.status) ? 'changed' : 'fine';
}

function recordOf(
  { turned, ...rest }: Ridden<Answer>,
  plan: ReturnType<typeof rampPlan>,
  endpoint: Endpoint,
  context: GatherContext<AccessOptions>,
): FoundLimit {
  const refusal = turned === null ? null : refusalOf(turned.answer, context.startedAtMs);
  const found = turned === null ? null : figuresOf(turned);
  const { end, sent, answered } = rest;
  return {
    ...{ endpoint: endpoint.id, end, sent, answered },
    ...{ fromPerSecond: plan.fromPerSecond, toPerSecond: plan.toPerSecond, growth: rounded(plan.growth, 4) },
    ...{ elapsedMs: rounded(rest.elapsedMs, 0), reachedPerSecond: rounded(rest.reachedPerSecond, 1) },
    waitBeginMs: rest.waitBeginMs === null ? null : rounded(rest.waitBeginMs, 1),
    waitEndMs: rest.waitEndMs === null ? null : rounded(rest.waitEndMs, 1),
    ...{ found, refusal },
  };
}

function figuresOf({
  timesMs,
  waiting,
  position,
  lastSecond,
  lastTenSeconds,
  lastMinute,
}: NonNullable<Ridden<Answer>['turned']>): FoundLimit['found'] {
  const { likely, low, high } = estimateOf(timesMs);
  return {
    ...{ perSecond: rounded(likely, 1), low: rounded(low, 1), high: rounded(high, 1) },
    ...{ position, waiting, lastSecond, lastTenSeconds, lastMinute },
  };
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

/** How a caller is told. */
export function refusalOf(
  { http, startMs, body }: Pick<CallRecord, 'http' | 'startMs' | 'body'>,
  startedAtMs: number,
): Refusal | null {
  if (http === null) return null;
  const atMs = startedAtMs + startMs;
  const announced = rateLimitOf(http.headers, atMs);
  return {
    status: http.status,
    retryAfterSeconds: retryAfterSeconds(http.headers, atMs),
    announced:
      announced === null
        ? null
        : { limit: announced.limit, windowSeconds: announced.windowSeconds, remaining: announced.remaining },
    contentType: fieldValue(http.headers, 'content-type'),
    server: fieldValue(http.headers, 'server'),
    text: textOf(http, body),
  };
}

/** Compressed bodies are nothing to read. */
function textOf(http: HttpFacts, body: Uint8Array | null): WireText | null {
  if (body === null || body.length === 0 || fieldValue(http.headers, 'content-encoding') !== null) return null;
  return wireText(Buffer.from(body.subarray(0, TEXT_LENGTH * 4)).toString('utf8'), TEXT_LENGTH);
}
