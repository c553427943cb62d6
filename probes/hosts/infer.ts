// Owns the requests beyond the ride that were asked for (`--infer`): bursts, and some while another is kept open. Bounded in number, size and time.
// Judges nothing.
import type { SampleMore } from '../../src/contract/net.ts';
import { paused } from '../../src/model/paused.ts';
import type { Endpoint } from '../../src/model/target.ts';
import type { RequestTrace } from '../../src/model/trace.ts';

/** Enough to tell turns, two choices and chance apart for 2 to 8 hosts, by simulation. */
export const BURSTS = 25;
/** At once to one endpoint. */
export const MOST_AT_ONCE = 16;
export const HOLDS = 4;
/** Other requests while one is kept open: three for each host, up to this many, one after the other. */
const MOST_BESIDE = 24;
/** A request is kept open no longer. */
export const HOLD_MS = 2000;
/** Until a request that is kept open has reached its host. */
const SETTLE_MS = 60;
/** Until a balancer has seen that a connection is closed: a host that is still counted busy would look taken. */
const BETWEEN_MS = 20;
/** Endpoints that are asked; the others are as the ride shows them. */
export const MOST_ENDPOINTS = 8;

export interface More {
  readonly bursts: readonly (readonly RequestTrace[])[];
  /** Only those that were answered after the others, and not before they were let go. */
  readonly holds: readonly { readonly held: RequestTrace; readonly others: readonly RequestTrace[] }[];
  readonly requests: number;
}

interface Asked {
  readonly endpoint: Endpoint;
  readonly hosts: number;
  /** False where a whole rotation was seen: bursts would say nothing more. */
  readonly wantsBursts: boolean;
  /** From the beginning of one burst to that of the next at least. */
  readonly burstEveryMs: number;
  readonly sample: SampleMore;
  readonly signal: AbortSignal;
  /** Monotonic ms. */
  readonly now: () => number;
}

export async function askMore(asked: Asked): Promise<More> {
  const bursts = asked.wantsBursts ? await burstsOf(asked) : [];
  const holds: More['holds'][number][] = [];
  let requests = bursts.reduce((sum, { length }) => sum + length, 0);
  for (let round = 0; round < HOLDS && !asked.signal.aborted; round++) {
    const { hold, sent } = await holdOne(asked);
    requests += sent;
    // A host that answers before it has the whole request is not kept busy by it: no use in trying on.
    if (hold === null) break;
    holds.push(hold);
  }
  return { bursts, holds, requests };
}

async function burstsOf({
  endpoint,
  hosts,
  sample,
  signal,
  burstEveryMs,
}: Asked): Promise<readonly (readonly RequestTrace[])[]> {
  const size = Math.min(MOST_AT_ONCE, Math.max(4, 2 * hosts));
  const bursts: (readonly RequestTrace[])[] = [];
  for (let round = 0; round < BURSTS && !signal.aborted; round++) {
    const pause = round === 0 ? null : paused(burstEveryMs, signal);
    const burst = Promise.all(Array.from({ length: size }, (_, at) => sample(endpoint, at, signal)));
    const [traces] = await Promise.all([burst, pause]);
    if (!signal.aborted) bursts.push(traces);
  }
  return bursts;
}

async function holdOne({ endpoint, hosts, sample, signal, now }: Asked): Promise<{
  readonly hold: More['holds'][number] | null;
  readonly sent: number;
}> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const others: RequestTrace[] = [];
  const answered = { yet: false };
  const holding = sample(endpoint, 0, signal, promise).then((trace) => {
    answered.yet = true;
    return trace;
  });
  const timer = setTimeout(resolve, HOLD_MS);
  await paused(SETTLE_MS, signal);
  const wanted = Math.min(MOST_BESIDE, 3 * hosts);
  const beganMs = now();
  while (others.length < wanted && !answered.yet && !signal.aborted && now() - beganMs < HOLD_MS / 2) {
    others.push(await sample(endpoint, others.length + 1, signal));
    await paused(BETWEEN_MS, signal);
  }
  const wasKept = !answered.yet;
  clearTimeout(timer);
  resolve();
  const held = await holding;
  const isUsable = wasKept && others.length >= 2 * hosts && held.http !== null;
  return { hold: isUsable ? { held, others } : null, sent: others.length + 1 };
}
