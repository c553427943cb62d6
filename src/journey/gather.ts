// Owns running the probes' gathers: in the order of `after`, each in isolation, none past the deadline.
import type { Net } from '../contract/net.ts';
import type { AnyProbe, GatherContext } from '../contract/probe.ts';
import type { ProbeState } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import { type Attempt, problem } from '../model/problem.ts';
import { wireText } from '../model/text.ts';
import { now } from '../net/clock.ts';

/** After the signal a gather has this long to hand over what it knows, ms. */
const GRACE_MS = 300;

export interface Gathered {
  readonly state: ProbeState;
  readonly evidence: Json;
}

export type Context = Omit<GatherContext<unknown>, 'options' | 'earlier' | 'net' | 'beside'>;

/** Runs one wave of probes (all that read `lookup`, or all that read `ride`); probes that wait for others in it follow them. */
export async function gatherAll(
  probes: readonly AnyProbe[],
  context: Context,
  net: Net,
  options: { readonly [probe: string]: unknown },
  earlier: ReadonlyMap<string, Gathered>,
  besides: ReadonlyMap<string, Attempt<Json>> = new Map(),
): Promise<ReadonlyMap<string, Gathered>> {
  const pending = new Map<string, Promise<Gathered>>();
  const start = (probe: AnyProbe): Promise<Gathered> => {
    const known = pending.get(probe.id);
    if (known !== undefined) return known;
    const waitsFor = probes.filter((other) => probe.after.includes(other.id) && other.id !== probe.id);
    const result = Promise.all(waitsFor.map(async (other) => [other.id, (await start(other)).evidence] as const)).then(
      (fresh) => {
        const before = probe.after.map((id) => [id, earlier.get(id)?.evidence] as const);
        const evidence = Object.fromEntries(
          [...before, ...fresh].filter(([, value]) => value !== undefined && value !== null),
        );
        const beside = besides.get(probe.id);
        return gatherOne(probe, {
          ...{ ...context, net, options: options[probe.id], earlier: evidence },
          ...(beside === undefined ? {} : { beside }),
        });
      },
    );
    pending.set(probe.id, result);
    return result;
  };
  const entries = await Promise.all(probes.map(async (probe) => [probe.id, await start(probe)] as const));
  return new Map(entries);
}

async function gatherOne(probe: AnyProbe, context: GatherContext<unknown>): Promise<Gathered> {
  const beganMs = now();
  const elapsed = (): number => Math.round((now() - beganMs) * 1000) / 1000;
  try {
    const [gather, options] = await Promise.all([probe.gather(), optionsOf(probe, context.options)]);
    const attempt = await orUnfinished(gather({ ...context, options }), context.signal, elapsed);
    return written(attempt);
  } catch (error) {
    // A fault of the program in one probe must not lose the journey: it is that probe's own state.
    const detail = wireText(error instanceof Error ? error.message : 'unknown error', 500);
    const failed = { ...problem('internal', 'gather', detail) };
    return { state: { state: 'failed', elapsedMs: elapsed(), problem: failed, because: null }, evidence: null };
  }
}

/** Without options of the caller no schema is loaded. */
export async function optionsOf(probe: AnyProbe, given: unknown): Promise<unknown> {
  return given == null ? (await probe.defaults()).options : (await probe.options()).parse(given);
}

function orUnfinished<T>(
  gathering: Promise<Attempt<T>>,
  signal: AbortSignal,
  elapsed: () => number,
): Promise<Attempt<T>> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const give = (attempt: Attempt<T>): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', startGrace);
      resolve(attempt);
    };
    const startGrace = (): void => {
      timer = setTimeout(() => give({ state: 'unfinished', value: null, elapsedMs: elapsed() }), GRACE_MS);
    };
    signal.addEventListener('abort', startGrace, { once: true });
    if (signal.aborted) startGrace();
    gathering.then(give, (error: unknown) => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error('a gather failed without an error'));
    });
  });
}

function written(attempt: Attempt<Json>): Gathered {
  switch (attempt.state) {
    case 'complete':
      return { state: state('complete', attempt.elapsedMs), evidence: attempt.value };
    case 'unfinished':
      return { state: state('unfinished', attempt.elapsedMs), evidence: attempt.value };
    case 'failed':
      return { state: { ...state('failed', attempt.elapsedMs), problem: attempt.problem }, evidence: null };
    case 'skipped':
      return skipped(attempt.because);
  }
}

function state(name: ProbeState['state'], elapsedMs: number): ProbeState {
  return { state: name, elapsedMs: Math.round(elapsedMs * 1000) / 1000, problem: null, because: null };
}

/** A probe that was not run, with the reason. */
export function skipped(because: string): Gathered {
  return { state: { ...state('skipped', 0), because }, evidence: null };
}
