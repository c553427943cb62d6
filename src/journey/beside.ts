// Owns the traffic of its own that a probe has beside the ride: started with it, cut off soon after it. Never holds up a ride.
import { setMaxListeners } from 'node:events';
import type { Net } from '../contract/net.ts';
import type { AnyProbe, ZoneTold } from '../contract/probe.ts';
import type { Json } from '../model/json.ts';
import type { Attempt } from '../model/problem.ts';
import type { Ride } from '../model/trace.ts';
import { type Context, optionsOf } from './gather.ts';

/** How much longer than the ride it may take, ms: a far server is asked less rather than a journey made longer. */
const AFTER_RIDE_MS = 1000;

/** By probe. */
export type Besides = ReadonlyMap<string, Attempt<Json>>;

export interface Rode {
  readonly ride: Ride;
  readonly besides: Besides;
}

interface BesideContext {
  readonly context: Context;
  readonly net: Net;
  readonly options: { readonly [probe: string]: unknown };
  /** To be waited for also when the ride throws. */
  readonly underWay: Promise<unknown>[];
}

/** Rides, with the probes' own traffic beside it. What goes wrong in that is that probe's, never the ride's. */
export async function rideWithBeside(
  probes: readonly AnyProbe[],
  { context, net, options, underWay }: BesideContext,
  ride: () => Promise<Ride>,
): Promise<Rode> {
  const late = new AbortController();
  const signal = AbortSignal.any([context.signal, late.signal]);
  setMaxListeners(0, signal);
  const running = Promise.all(
    probes.map(async (probe) => [probe.id, await lookBeside(probe, { ...context, signal }, net, options)] as const),
  );
  underWay.push(running);
  let timer: NodeJS.Timeout | undefined;
  try {
    const rode = await ride();
    timer = setTimeout(() => late.abort(), AFTER_RIDE_MS);
    return {
      ride: rode,
      besides: new Map((await running).flatMap(([id, told]) => (told === null ? [] : [[id, told]]))),
    };
  } finally {
    clearTimeout(timer);
    late.abort();
  }
}

/** What the probes' own traffic told of zones. A fault in telling it costs the zones, never the journey. */
export async function zonesBeside(probes: readonly AnyProbe[], besides: Besides): Promise<readonly ZoneTold[]> {
  const told = await Promise.all(
    probes.map(async (probe) => {
      const attempt = besides.get(probe.id);
      if (attempt?.state !== 'complete' || probe.zones === undefined) return [];
      try {
        return (await probe.zones())(attempt.value);
      } catch {
        return [];
      }
    }),
  );
  return told.flat();
}

async function lookBeside(
  probe: AnyProbe,
  context: Context,
  net: Net,
  options: { readonly [probe: string]: unknown },
): Promise<Attempt<Json> | null> {
  const look = await probe.beside?.();
  if (look === undefined) return null;
  try {
    return await look({ ...context, net, options: await optionsOf(probe, options[probe.id]), earlier: {} });
  } catch {
    // A fault of the program; `gather` goes on without, and says that it had nothing.
    return null;
  }
}
