// Owns the modules of /probe on the command line: the file that they stand in, read and read again, and what its probes are given.
import { lookup } from 'node:dns';
import { addressPolicy } from '../agent/address-policy.ts';
import { blackboxRoutes } from '../agent/blackbox-routes.ts';
import { paced } from '../agent/log/paced.ts';
import { type Reloadable, reloadable } from '../agent/reloads.ts';
import type { Route } from '../agent/server.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { Refusal, readBlackboxConfig } from '../blackbox/config/read.ts';
import { unsupported } from '../blackbox/config/unsupported.ts';
import { Unresolved } from '../blackbox/failure.ts';
import { openHistory } from '../blackbox/history.ts';
import type { ResolveName } from '../blackbox/probe.ts';
import type { AddressRanges } from '../model/address-ranges.ts';
import { parseDuration } from '../model/duration.ts';
import type { Attributes, LogLevel } from '../model/logfmt.ts';
import { problem } from '../model/problem.ts';
import { UsageError } from '../model/usage-error.ts';
import type { LoggedLaunch } from './agent-targets.ts';
import { readText } from './input-file.ts';
import { wholeNumber } from './ride-options.ts';
import { systemRoots } from './roots.ts';

export interface ModuleOptions {
  readonly timeoutOffset: string;
  readonly historyLimit: string;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly quirks: boolean;
  readonly logProber: LogLevel;
  /** Files of address ranges, or names of operators who publish some: they tell zones. */
  readonly networks: readonly string[];
}

/** Of each level in a minute. */
const MOST_PROBE_LINES = 200;
const MOST_CONFIG_BYTES = 16_777_216;

export interface Modules {
  readonly count: () => number;
  readonly config: () => BlackboxConfig;
  readonly route: Route;
  readonly reloadable: Reloadable;
  /** Times that a probe asked for a module that is not there. */
  readonly unknown: () => number;
  /** Failures that a repeated attempt did not confirm, by module that repeats. */
  readonly flaps: () => ReadonlyMap<string, number>;
}

/** @throws UsageError for a file or option that cannot be used */
export async function openModules(file: string, options: ModuleOptions, launch: LoggedLaunch): Promise<Modules> {
  const { io, version, log } = launch;
  let config = await load(file);
  let unknown = 0;
  const flaps = new Map<string, number>();
  const again = reloadable(
    async () => {
      config = await load(file);
    },
    () => io.wallClockMs(),
    log,
    file,
  );
  // Who asks for all of it gets it; else an outage of ten thousand targets must not fill a disk.
  const most = options.logProber === 'debug' ? Number.POSITIVE_INFINITY : MOST_PROBE_LINES;
  const { debug } = log;
  const tellProbe = { debug, info: paced(log.info, most), warn: paced(log.warn, most), error: paced(log.error, most) };
  const room = {
    resolve: byTheSystem,
    allows: addressPolicy(options.allow, options.deny),
    rootsPem: await systemRoots(io.env),
    wallClockMs: () => io.wallClockMs(),
    userAgent: `Blackbox-Exporter/outrider-${version}`,
    quirks: options.quirks,
    env: io.env,
    timeoutOffsetSeconds: parseDuration(options.timeoutOffset, '--timeout-offset') / 1000,
    logLevel: options.logProber,
    onLine: (level: LogLevel, message: string, attributes: Attributes) => tellProbe[level](message, attributes),
    networks: await networksOf(options, launch),
    onUnknownModule: () => {
      log.debug('unknown module');
      unknown++;
    },
    onFlap: (name: string) => {
      flaps.set(name, (flaps.get(name) ?? 0) + 1);
    },
  };
  const history = openHistory(wholeNumber(options.historyLimit, '--history-limit', 0, 999_999));
  return {
    count: () => config.modules.size,
    config: () => config,
    route: blackboxRoutes({ config: () => config, history, room, reload: () => again.reload() }),
    reloadable: again,
    unknown: () => unknown,
    flaps: () =>
      new Map(
        [...config.modules].flatMap(([name, { outrider }]) =>
          (outrider?.confirm.times ?? 0) === 0 ? [] : [[name, flaps.get(name) ?? 0] as const],
        ),
      ),
  };
}

async function networksOf({ networks }: ModuleOptions, launch: LoggedLaunch): Promise<AddressRanges | null> {
  if (networks.length === 0) return null;
  const { readNetworks } = await import('./network-files.ts');
  return readNetworks(networks, { launch, sendsNothing: false, isQuiet: false });
}

async function load(file: string): Promise<BlackboxConfig> {
  const text = await readText(file, '--blackbox-config', MOST_CONFIG_BYTES);
  try {
    const config = readBlackboxConfig(text);
    const [first, ...more] = unsupported(config);
    if (first === undefined) return await permitted(file, config);
    throw new UsageError(
      `${file}: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
      'leave such modules to blackbox_exporter, or take the key out',
    );
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

/** Asked once, of the system: an icmp module that may send nothing would fail for ever, and look like an outage. @throws UsageError */
async function permitted(file: string, config: BlackboxConfig): Promise<BlackboxConfig> {
  const name = [...config.modules].find(([, { prober }]) => prober === 'icmp')?.[0];
  if (name === undefined) return config;
  const refusal = await (await import('../net/icmp/echo.ts')).echoRefusal();
  if (refusal === null) return config;
  throw new UsageError(`${file}: module ${name}: ${refusal.because}`, refusal.remedy);
}

/** As other programs of this machine look names up: files, search domains and all (getaddrinfo). */
export const byTheSystem: ResolveName = (name, family, signal) =>
  new Promise((resolve, reject) => {
    const late = problem('dns-timeout', 'resolve');
    signal.addEventListener('abort', () => reject(new Unresolved(`lookup ${name}: i/o timeout`, late)), { once: true });
    lookup(name, { all: true, order: 'verbatim', family: family ?? 0 }, (error, addresses) => {
      if (error !== null) reject(refusalOf(name, error));
      else resolve(addresses.map(({ address }) => address));
    });
  });

/** getaddrinfo(3): EAI_AGAIN is what a resolver that fails or does not answer comes to. */
function refusalOf(name: string, { code, message }: NodeJS.ErrnoException): Unresolved {
  if (code === 'ENOTFOUND') return new Unresolved(`lookup ${name}: no such host`, null);
  const because = code === 'EAI_AGAIN' ? 'servfail' : code === 'EMFILE' || code === 'ENFILE' ? 'no-descriptors' : null;
  return new Unresolved(`lookup ${name}: ${message}`, because === null ? null : problem(because, 'resolve'));
}
