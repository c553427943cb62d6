// Owns the modules of /probe on the command line: the file that they stand in, read and read again, and what its probes are given.
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { blackboxRoutes } from '../agent/blackbox-routes.ts';
import { busyBetweenLooks, openProbeThreads, type ProbeThreads } from '../agent/probe-threads.ts';
import { type Reloadable, reloadable } from '../agent/reloads.ts';
import type { Route } from '../agent/server.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { Refusal, readBlackboxConfig } from '../blackbox/config/read.ts';
import { unsupported } from '../blackbox/config/unsupported.ts';
import { openHistory } from '../blackbox/history.ts';
import { parseDuration } from '../model/duration.ts';
import { UsageError } from '../model/usage-error.ts';
import { readText } from './input-file.ts';
import type { LoggedLaunch } from './launch.ts';
import { groundOptions, type ModuleOptions, type ModuleRoom } from './module-room.ts';
import type { GroundOptions } from './probe-ground.ts';
import { wholeNumber } from './ride-options.ts';

const MOST_CONFIG_BYTES = 16_777_216;

export interface Modules {
  readonly count: () => number;
  readonly config: () => BlackboxConfig;
  readonly route: Route;
  readonly reloadable: Reloadable;
  /** Times that a probe asked for a module that is not there. */
  readonly unknown: () => number;
  readonly threads: Pick<ProbeThreads, 'count' | 'close'>;
}

/** @throws UsageError for a file or option that cannot be used */
export async function openModules(
  file: string,
  options: ModuleOptions,
  moduleRoom: ModuleRoom,
  launch: LoggedLaunch,
): Promise<Modules> {
  const { io, log } = launch;
  let { config, text } = await load(file);
  let unknown = 0;
  const again = reloadable(
    async () => {
      ({ config, text } = await load(file));
      threads.modulesChanged();
    },
    () => io.wallClockMs(),
    log,
    file,
  );
  const threads = openProbeThreads({
    most: threadsOf(options),
    start: () => startProbeThread(groundOptions(options, launch)),
    modulesText: () => text,
    onLine: (...line) => moduleRoom.run.onLine?.(...line),
    log,
    busy: busyBetweenLooks(performance),
  });
  const room = {
    ...moduleRoom.run,
    elsewhere: threads.elsewhere,
    timeoutOffsetSeconds: parseDuration(options.timeoutOffset, '--timeout-offset') / 1000,
    onUnknownModule: (name: string) => {
      log.debug('unknown module', { module: name });
      unknown++;
    },
  };
  const history = openHistory(wholeNumber(options.historyLimit, '--history-limit', 0, 999_999));
  return {
    count: () => config.modules.size,
    config: () => config,
    route: blackboxRoutes({
      config: () => config,
      history,
      room,
      reload: () => again.reload(),
      isAlone: options.config === undefined,
    }),
    reloadable: again,
    unknown: () => unknown,
    threads,
  };
}

interface Loaded {
  readonly config: BlackboxConfig;
  readonly text: string;
}

async function load(file: string): Promise<Loaded> {
  const text = await readText(file, '--blackbox-config', MOST_CONFIG_BYTES);
  return { config: await readModules(text, () => file), text };
}

/** More gain little: the thread that takes the requests and gives the answers is one. */
const MOST_BY_ITSELF = 3;

function threadsOf({ probeThreads }: ModuleOptions): number {
  if (probeThreads === undefined) return Math.min(MOST_BY_ITSELF, availableParallelism() - 1);
  return wholeNumber(probeThreads, '--probe-threads', 0, 64);
}

/** Of a thread, MiB. What a probe makes is garbage soon: left alone V8 takes twice as much, and no less time. */
const YOUNG_GENERATION = 24;

function startProbeThread(options: GroundOptions): Worker {
  return new Worker(new URL(`./probe-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
  });
}

/** @param place of a module, for messages @throws UsageError */
export async function readModules(text: string, place: (module?: string) => string): Promise<BlackboxConfig> {
  try {
    const config = readBlackboxConfig(text);
    const [first, ...more] = unsupported(config);
    if (first === undefined) return await permitted(place, config);
    throw new UsageError(
      `${place()}: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
      'leave such modules to blackbox_exporter, or take the key out',
    );
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${place()}: ${error.message}`);
    throw error;
  }
}

/** Asked once, of the system: an icmp module that may send nothing would fail for ever, and look like an outage. @throws UsageError */
async function permitted(place: (module: string) => string, config: BlackboxConfig): Promise<BlackboxConfig> {
  const name = [...config.modules].find(([, { prober }]) => prober === 'icmp')?.[0];
  if (name === undefined) return config;
  const refusal = await (await import('../net/icmp/echo.ts')).echoRefusal();
  if (refusal === null) return config;
  throw new UsageError(`${place(name)}: module ${name}: ${refusal.because}`, refusal.remedy);
}
