// Owns the step from the agent's file to what it rides: each target joined with the defaults of the command line. Never rides.

import type { Source } from '../agent/discovery.ts';
import type { Probed } from '../agent/probing.ts';
import type { Ridden } from '../agent/riding.ts';
import type { SeriesPolicy } from '../agent/shared-series.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { type AgentTarget, readAgentFile } from '../config/agent/agent-file.ts';
import { PART_OF_INTERVAL } from '../config/agent/agent-target.ts';
import { nearest } from '../model/nearest.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { readModules } from './blackbox-modules.ts';
import { readBytes } from './input-file.ts';
import { expectationsFrom, policyFrom } from './judging.ts';
import type { Launch } from './launch.ts';
import { placesOf } from './named-places.ts';
import { type RideOptions, rideSettings } from './ride-options.ts';

const MOST_CONFIG_BYTES = 67_108_864;
const MOST_NAMED_BYTES = 1_048_576;
/** A median is known from 6 samples on; the histograms know more with every journey. */
const SAMPLES = '10';

/** A target that is ridden, or one that a module probes. */
export type Scheduled = { readonly ridden: Ridden } | { readonly probed: Probed };

export interface LoadedAgent {
  /** Those of the file alone. */
  readonly targets: readonly Scheduled[];
  readonly concurrency: number;
  readonly moduleConcurrency: number;
  readonly history: number;
  readonly metrics: SeriesPolicy;
  /** Of the file itself; null without any. */
  readonly modules: BlackboxConfig | null;
  /** Where others name targets, and how many they may name together. */
  readonly sources: readonly Source<Scheduled>[];
  readonly most: number;
  /** As a person wrote it. */
  readonly text: string;
}

/**
 * @param defaults of the options of a ride, as the command line has them
 * @param other modules that the command line names; null without any
 * @throws UsageError with file, line and remedy
 */
export async function loadAgent(
  path: string,
  defaults: Readonly<Record<string, unknown>>,
  other: () => BlackboxConfig | null,
  launch: Launch,
): Promise<LoadedAgent> {
  const text = (await readBytes(path, '--config', MOST_CONFIG_BYTES)).toString('utf8');
  const readAgain = (named: string, key: string) => readBytes(named, key, MOST_NAMED_BYTES);
  const { leastRefreshMs } = launch.surroundings;
  const sources = {
    ...{ probes: launch.probes, env: launch.io.env, readBytes: onceEach(readAgain), readAgain },
    ...(leastRefreshMs === undefined ? {} : { leastRefreshMs }),
  };
  const file = await readAgentFile(text, path, sources);
  const modules = file.modules === null ? null : await readModules(file.modules.text, file.modules.place);
  const names = (): readonly string[] => [...(modules?.modules.keys() ?? []), ...(other()?.modules.keys() ?? [])];
  const scheduled = (target: AgentTarget): Promise<Scheduled> =>
    scheduledOf(target, { ...defaults, samples: SAMPLES }, names, launch);
  const targets: Scheduled[] = [];
  for (const target of file.targets) targets.push(await scheduled(target));
  const { concurrency, moduleConcurrency, history, metrics } = file;
  return {
    ...{ targets, concurrency, moduleConcurrency, history, metrics, modules, text },
    ...{ most: file.discover.most, sources: placesOf(file, scheduled, launch) },
  };
}

async function scheduledOf(
  target: AgentTarget,
  defaults: Readonly<Record<string, unknown>>,
  modules: () => readonly string[],
  launch: Launch,
): Promise<Scheduled> {
  if (target.module === null) return { ridden: await riddenOf(target, defaults, launch) };
  const { module, place, intervalMs, jitterMs, labels, confirm } = target;
  const known = modules();
  if (!known.includes(module)) {
    const near = nearest(module, known);
    throw new UsageError(
      `${place}: there is no module "${visible(module).slice(0, 80)}"`,
      near === null ? 'write it under modules:, or give --blackbox-config' : `did you mean "${near}"?`,
    );
  }
  const mostSeconds = Math.max(1, Math.floor(intervalMs * PART_OF_INTERVAL)) / 1000;
  const name = `${target.name}\n${module}`;
  return {
    probed: {
      ...{ name, intervalMs, jitterMs, labels, module, mostSeconds, confirm },
      label: target.name,
      target: target.target,
    },
  };
}

async function riddenOf(
  { name, labels, intervalMs, jitterMs, confirm, journey, place }: Extract<AgentTarget, { readonly module: null }>,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<Ridden> {
  const { method } = journey.request ?? {};
  const options = {
    ...defaults,
    // The zone is a label of series: it must not hang on an answer that comes one time and not the next.
    reverseNames: false,
    ...journey.options,
    ...(method === undefined ? {} : { method }),
  } as unknown as RideOptions;
  try {
    const settings = await rideSettings(journey.target, options, launch, journey);
    const policy = await policyFrom(options, null, launch);
    const expectations = await expectationsFrom(options, null, launch);
    const deadlineMs = Math.max(1, Math.min(settings.deadlineMs, Math.floor(intervalMs * PART_OF_INTERVAL)));
    return {
      ...{ name, labels, intervalMs, jitterMs, confirm, policy },
      settings: { ...settings, deadlineMs },
      ...(expectations === undefined ? {} : { expectations }),
    };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${place}: ${error.message}`, error.remedy);
    throw error;
  }
}

/** What goes elsewhere than to the addresses given: not for a target that a stranger names. */
const STAYS_OUT = 'dns,path';

/** A target of a caller's, at these addresses alone, by the program's own defaults and the caller's options. @throws UsageError */
export async function riddenAt(
  target: string,
  addresses: readonly string[],
  given: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<Ridden> {
  const family = given['4'] === true ? 4 : given['6'] === true ? 6 : null;
  const own = addresses.filter((address) => family === null || address.includes(':') === (family === 6));
  if (own.length === 0) throw new UsageError(`${target.slice(0, 200)} has no address of IPv${family}`);
  const connect = own.map((address) => (address.includes(':') ? `[${address}]` : address));
  const skip = given['skip'] === undefined ? STAYS_OUT : `${STAYS_OUT},${given['skip'] as string}`;
  const options = {
    ...defaults,
    samples: SAMPLES,
    ...given,
    connect,
    skip,
    reverseNames: false,
  } as unknown as RideOptions;
  const [settings, policy] = [await rideSettings(target, options, launch), await policyFrom(options, null, launch)];
  return {
    ...{ name: target, labels: {}, intervalMs: settings.deadlineMs, jitterMs: 0, confirm: null },
    ...{ settings, policy },
  };
}

/** Ten thousand targets may name one file. */
function onceEach(read: (path: string, key: string) => Promise<Uint8Array>) {
  const known = new Map<string, Promise<Uint8Array>>();
  return (path: string, key: string): Promise<Uint8Array> => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const reading = read(path, key);
    known.set(path, reading);
    return reading;
  };
}
