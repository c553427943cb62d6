// Owns what every probe by a module is given on the command line, whoever asks for it: names, addresses, roots, the log, what is counted of all.
import { paced } from '../agent/log/paced.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import type { ProbeRoom } from '../blackbox/handler.ts';
import type { RunRoom } from '../blackbox/run.ts';
import type { AddressRanges } from '../model/address-ranges.ts';
import type { LogLevel } from '../model/logfmt.ts';
import type { LoggedLaunch } from './launch.ts';
import { type GroundOptions, openProbeGround } from './probe-ground.ts';

export interface ModuleOptions {
  readonly timeoutOffset: string;
  readonly historyLimit: string;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly quirks: boolean;
  readonly logProber: LogLevel;
  /** Of threads; undefined: as many as the machine has processors to spare. */
  readonly probeThreads?: string;
  /** File of the targets. */
  readonly config?: string;
  /** Files of address ranges, or names of operators who publish some: they tell zones. */
  readonly networks: readonly string[];
}

/** Of each level in a minute. */
const MOST_PROBE_LINES = 200;
export interface ModuleRoom {
  readonly run: Omit<RunRoom, 'signal'> & Pick<ProbeRoom, 'networks' | 'onFlap'>;
  /** Failures that a repeated attempt did not confirm, by module that repeats. */
  readonly flaps: (configs: readonly (BlackboxConfig | null)[]) => ReadonlyMap<string, number>;
}

/** @throws UsageError */
export async function openModuleRoom(options: ModuleOptions, launch: LoggedLaunch): Promise<ModuleRoom> {
  const { io, log } = launch;
  const flaps = new Map<string, number>();
  // Who asks for all of it gets it; else an outage of ten thousand targets must not fill a disk.
  const most = options.logProber === 'debug' ? Number.POSITIVE_INFINITY : MOST_PROBE_LINES;
  const { debug } = log;
  const tellProbe = { debug, info: paced(log.info, most), warn: paced(log.warn, most), error: paced(log.error, most) };
  return {
    run: {
      ...(await openProbeGround(groundOptions(options, launch), () => io.wallClockMs())),
      onLine: (level, message, attributes) => tellProbe[level](message, attributes),
      networks: await networksOf(options, launch),
      onFlap: (name) => {
        flaps.set(name, (flaps.get(name) ?? 0) + 1);
      },
    },
    flaps: (configs) =>
      new Map(
        configs
          .flatMap((config) => [...(config?.modules ?? [])])
          .flatMap(([name, { outrider }]) => {
            // A target may ask for it, too: then it is there from the first on.
            const known = flaps.get(name) ?? ((outrider?.confirm.times ?? 0) === 0 ? null : 0);
            return known === null ? [] : [[name, known] as const];
          }),
      ),
  };
}

/** What a thread needs to stand on the same. */
export function groundOptions(
  { allow, deny, quirks, logProber }: ModuleOptions,
  { io, version, surroundings }: LoggedLaunch,
): GroundOptions {
  return { allow, deny, quirks, logProber, version, env: { ...io.env }, resolvers: surroundings.resolvers };
}

async function networksOf({ networks }: ModuleOptions, launch: LoggedLaunch): Promise<AddressRanges | null> {
  if (networks.length === 0) return null;
  const { readNetworks } = await import('./network-files.ts');
  return readNetworks(networks, { launch, sendsNothing: false, isQuiet: false });
}
