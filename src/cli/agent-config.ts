// Owns the step from the agent's file to what it rides: each target joined with the defaults of the command line. Never rides.

import type { AgentConfig } from '../agent/agent.ts';
import type { Source } from '../agent/discovery.ts';
import type { Ridden } from '../agent/riding.ts';
import { type AgentFile, type AgentTarget, readAgentFile } from '../config/agent/agent-file.ts';
import { readDiscovered } from '../config/agent/discovered.ts';
import { UsageError } from '../model/usage-error.ts';
import { fetchTargets } from '../net/named-targets.ts';
import { readBytes } from './input-file.ts';
import { expectationsFrom, policyFrom } from './judging.ts';
import type { Launch } from './launch.ts';
import { type RideOptions, rideSettings } from './ride-options.ts';

const MOST_CONFIG_BYTES = 67_108_864;
const MOST_NAMED_BYTES = 1_048_576;
/** Of the interval: the rest is for judging, and for what a journey waits for at its end. */
const PART_OF_INTERVAL = 0.9;
/** A median is known from 6 samples on; the histograms know more with every journey. */
const SAMPLES = '10';

export interface LoadedAgent {
  /** With the targets of the file alone. */
  readonly config: AgentConfig;
  /** Where others name targets; looked at every so often, ms. */
  readonly sources: readonly Source<Ridden>[];
  readonly refreshMs: number;
  /** As a person wrote it. */
  readonly text: string;
}

/**
 * @param defaults of the options of a ride, as the command line has them
 * @throws UsageError with file, line and remedy
 */
export async function loadAgent(
  path: string,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<LoadedAgent> {
  const text = (await readBytes(path, '--config', MOST_CONFIG_BYTES)).toString('utf8');
  const read = onceEach((named: string, key: string) => readBytes(named, key, MOST_NAMED_BYTES));
  const sources = { probes: launch.probes, env: launch.io.env, readBytes: read };
  const file = await readAgentFile(text, path, sources);
  const targets: Ridden[] = [];
  for (const target of file.targets) targets.push(await riddenOf(target, { ...defaults, samples: SAMPLES }, launch));
  return {
    config: { targets, concurrency: file.concurrency, history: file.history },
    ...{
      text,
      refreshMs: file.discover.refreshMs,
      sources: sourcesOf(file, { ...defaults, samples: SAMPLES }, launch),
    },
  };
}

function sourcesOf(
  { discover }: AgentFile,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): readonly Source<Ridden>[] {
  const parse =
    (name: string) =>
    async (text: string): Promise<readonly Ridden[]> => {
      const ridden: Ridden[] = [];
      for (const found of await readDiscovered(text, name))
        ridden.push(await riddenOf(await discover.journeyOf(found), defaults, launch));
      return ridden;
    };
  const files = discover.files.map(
    (path): Source<Ridden> => ({ name: path, read: () => readNamedFile(path), parse: parse(path) }),
  );
  const urls = discover.http.map((url): Source<Ridden> => {
    const name = url.replace(/[?#].*$/s, '');
    return { name, read: (signal) => fetchTargets(url, discover.refreshMs / 1000, signal), parse: parse(name) };
  });
  return [...files, ...urls];
}

async function readNamedFile(path: string): Promise<string> {
  return (await readBytes(path, 'discover', MOST_CONFIG_BYTES)).toString('utf8');
}

async function riddenOf(
  { name, labels, intervalMs, jitterMs, journey, place }: AgentTarget,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<Ridden> {
  const { method } = journey.request ?? {};
  const options = {
    ...defaults,
    ...journey.options,
    ...(method === undefined ? {} : { method }),
  } as unknown as RideOptions;
  try {
    const settings = await rideSettings(journey.target, options, launch, journey);
    const policy = await policyFrom(options, null, launch);
    const expectations = await expectationsFrom(options, null, launch);
    const deadlineMs = Math.max(1, Math.min(settings.deadlineMs, Math.floor(intervalMs * PART_OF_INTERVAL)));
    return {
      ...{ name, labels, intervalMs, jitterMs, policy },
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
  const connect = addresses.map((address) => (address.includes(':') ? `[${address}]` : address));
  const skip = given['skip'] === undefined ? STAYS_OUT : `${STAYS_OUT},${given['skip'] as string}`;
  const options = { ...defaults, samples: SAMPLES, ...given, connect, skip } as unknown as RideOptions;
  const [settings, policy] = [await rideSettings(target, options, launch), await policyFrom(options, null, launch)];
  return { ...{ name: target, labels: {}, intervalMs: settings.deadlineMs, jitterMs: 0 }, settings, policy };
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
