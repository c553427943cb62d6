// Owns looking for how many requests of one caller may be under way at once, where that was asked for: each is held open by a body that
// is not finished, one more at a time. Bounded in number and time; the first refusal ends it. Judges nothing.
import type { SampleMore } from '../../src/contract/net.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { paused } from '../../src/model/paused.ts';
import type { Endpoint } from '../../src/model/target.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { askable } from './askable.ts';
import type { FoundOpen } from './evidence.ts';
import { refusalOf } from './find-limit.ts';
import type { AccessOptions } from './options.ts';

/** From one to the next: a service does not hold an unfinished request for ever, and our own steps have a bound too. */
const MOST_PAUSE_MS = 100;
const ALL_MS = 2000;
/** For the last of them to be refused. */
const LAST_LOOK_MS = 400;

export async function findOpen(context: GatherContext<AccessOptions>): Promise<FoundOpen | null> {
  const { options, net, signal } = context;
  const endpoint = askable(context);
  if (options.findLimitOpen === null || net.sample === undefined || endpoint === undefined || signal.aborted)
    return null;
  const release = Promise.withResolvers<void>();
  const stop = new AbortController();
  try {
    return await openMore({
      context,
      endpoint,
      sample: net.sample,
      most: options.findLimitOpen,
      release: release.promise,
      stop,
    });
  } finally {
    release.resolve();
    stop.abort();
  }
}

interface Opening {
  readonly context: GatherContext<AccessOptions>;
  readonly endpoint: Endpoint;
  readonly sample: SampleMore;
  readonly most: number;
  readonly release: Promise<void>;
  readonly stop: AbortController;
}

async function openMore({ context, endpoint, sample, most, release, stop }: Opening): Promise<FoundOpen> {
  const { signal, startedAtMs } = context;
  const answered: RequestTrace[] = [];
  const either = AbortSignal.any([signal, stop.signal]);
  const pauseMs = Math.min(MOST_PAUSE_MS, ALL_MS / most);
  let opened = 0;
  while (opened < most && answered.length === 0 && !signal.aborted) {
    opened++;
    void sample(endpoint, opened, either, release).then((trace) => void answered.push(trace));
    await look(pauseMs, signal);
  }
  if (!signal.aborted) await look(LAST_LOOK_MS, signal);
  const refused = answered.filter(isRefused).toSorted((a, b) => a.sequence - b.sequence)[0] ?? null;
  return {
    ...{ endpoint: endpoint.id, most, opened, end: endOf(answered, refused, signal) },
    // What was sent after the first that was refused was refused too, or would have been.
    held: refused === null ? opened - answered.length : refused.sequence - 1,
    refusal: refused === null ? null : refusalOf({ ...refused, body: null }, startedAtMs),
  };
}

async function look(ms: number, signal: AbortSignal): Promise<void> {
  await paused(ms, signal);
}

function isRefused({ http }: RequestTrace): boolean {
  return http?.status === 429 || http?.status === 503;
}

function endOf(answered: readonly RequestTrace[], refused: RequestTrace | null, signal: AbortSignal): FoundOpen['end'] {
  if (refused !== null) return 'throttled';
  if (signal.aborted) return 'cut';
  const [first] = answered;
  if (first === undefined) return 'max';
  return first.http === null ? 'failing' : 'not-held';
}
